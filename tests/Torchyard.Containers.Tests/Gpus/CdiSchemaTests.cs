using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Containers.Gpus;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Processes;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

/// <summary>CDI documents of many machines against the specification's own JSON schema, by python3-jsonschema.</summary>
public sealed partial class CdiSchemaTests
{
    private const string A100 = "NVIDIA A100-SXM4-80GB";
    private const string H100 = "NVIDIA H100 80GB HBM3";
    private const string Python = "/usr/bin/python3";

    // The schema as it is; and a strict form, in which no object may have a property that the schema does not name. The specification's
    // text has containerEdits for all devices (SPEC.md, "CDI JSON Specification"), which its schema leaves out.
    private const string Validate = """
        import json, sys
        from jsonschema import Draft7Validator
        folder, documents = sys.argv[1], sys.argv[2:]
        schema = json.loads(open(f"{folder}/schema.json").read().replace("defs.json#", "#"))
        schema["definitions"] = json.load(open(f"{folder}/defs.json"))["definitions"]
        strict = json.loads(json.dumps(schema))
        strict["properties"]["containerEdits"] = {"$ref": "#/definitions/containerEdits"}
        def close(node):
            if isinstance(node, dict):
                if node.get("type") == "object" and "properties" in node:
                    node["additionalProperties"] = False
                for value in node.values():
                    close(value)
        close(strict)
        for document in documents:
            with open(document) as file:
                instance = json.load(file)
            for name, kind in (("schema", schema), ("strict", strict)):
                Draft7Validator.check_schema(kind)
                for error in Draft7Validator(kind).iter_errors(instance):
                    print(f"{document.rsplit('/', 1)[1]} {name}: {error.json_path}: {error.message}")
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_documents_of_all_kinds_of_machines_are_valid()
    {
        using var folder = new TemporaryDirectory();
        var recorded = RecordedMachine.H200;
        var documents = new Dictionary<string, string>
        {
            ["h200"] = CdiDocument.Write(GpuChooser.Everything(recorded.Gpus, recorded.Files), recorded.Injection().Edits),
        };
        await AddAsync(documents, "a100", A100, 8);
        await AddAsync(documents, "h100-nvswitch", H100, 8, machine =>
        {
            // HGX: four switches and their control node, which belong to the fabric manager; InfiniBand that containers get.
            for (var i = 0; i < 4; i++)
            {
                machine.Write($"/dev/nvidia-nvswitch{i}", $"c 235:{i} 0666 0:0");
            }

            machine.Write("/dev/nvidia-nvswitchctl", "c 235:255 0666 0:0");
            machine.Write("/dev/infiniband/uverbs0", "c 231:192 0666 0:0");
            machine.Write("/dev/infiniband/rdma_cm", "c 10:58 0666 0:0");
            machine.Write("/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
        });
        await AddAsync(documents, "a100-mig", A100, 2, change: g => g.Index == 0
                ? g with
                {
                    MigEnabled = true,
                    MigPending = true,
                    MigDevices =
                    [
                        new MigDevice
                        {
                            Index = 0,
                            Uuid = "MIG-00000000-0000-0000-0000-000000000001",
                            GpuInstance = 1,
                            ComputeInstance = 0,
                            Multiprocessors = 42,
                            MemoryBytes = 20L << 30,
                        },
                        new MigDevice
                        {
                            Index = 1,
                            Uuid = "MIG-00000000-0000-0000-0000-000000000002",
                            GpuInstance = 2,
                            ComputeInstance = 0,
                            Multiprocessors = 42,
                            MemoryBytes = 20L << 30,
                        },
                    ],
                }
                : g);
        await AddAsync(documents, "group", H100, 2, machine => machine.Write("/dev/nvidia0", "c 195:0 0660 0:44"));

        Assert.Equal("", await ErrorsAsync(folder, documents));

        Assert.Equal("0.7.0", Root(documents["group"]).GetProperty("cdiVersion").GetString());
        Assert.All(documents.Where(d => d.Key != "group"), d => Assert.Equal("0.5.0", Root(d.Value).GetProperty("cdiVersion").GetString()));
        Assert.Contains("/dev/infiniband/uverbs0", documents["h100-nvswitch"], StringComparison.Ordinal);
        Assert.DoesNotContain("nvswitch", documents["h100-nvswitch"], StringComparison.Ordinal);
        Assert.Contains("/dev/nvidia-caps/nvidia-cap21", documents["a100-mig"], StringComparison.Ordinal);
        foreach (var (name, document) in documents)
        {
            var devices = Root(document).GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("name").GetString()!).ToList();
            Assert.All(devices, device => Assert.Matches(DeviceName(), device));
            Assert.True(devices.Distinct().Count() == devices.Count, $"{name}: {string.Join(", ", devices)}");
            Assert.Matches(Kind(), Root(document).GetProperty("kind").GetString()!);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_found_by_this_test()
    {
        using var folder = new TemporaryDirectory();
        var machine = RecordedMachine.H200;
        var good = CdiDocument.Write(GpuChooser.Everything(machine.Gpus, machine.Files), machine.Injection().Edits);
        var errors = await ErrorsAsync(
            folder,
            new Dictionary<string, string>
            {
                ["no-path"] = good.Replace("\"path\": \"/dev/nvidia0\"", "\"hostPath\": \"/dev/nvidia0\"", StringComparison.Ordinal),
                ["misspelt"] = good.Replace("\"deviceNodes\"", "\"devicenodes\"", StringComparison.Ordinal),
                ["number"] = good.Replace("\"minor\": 0", "\"minor\": \"0\"", StringComparison.Ordinal),
            }
        );
        Assert.Contains(
            "no-path schema: $.devices[0].containerEdits.deviceNodes[0]: 'path' is a required property",
            errors,
            StringComparison.Ordinal
        );
        Assert.Contains("number schema: ", errors, StringComparison.Ordinal);
        Assert.Contains("misspelt strict: ", errors, StringComparison.Ordinal);
    }

    private static async Task AddAsync(
        Dictionary<string, string> documents,
        string name,
        string model,
        int count,
        Action<FakeMachine>? arrange = null,
        Func<GpuState, GpuState>? change = null
    )
    {
        using var machine = await FakeMachine.CreateAsync(model, count, change);
        arrange?.Invoke(machine);
        documents[name] = CdiDocument.Write(
            GpuChooser.Everything(KernelGpus.Read(machine.Files) ?? machine.Snapshot, machine.Files),
            machine.Injection().Edits
        );
    }

    private static async Task<string> ErrorsAsync(TemporaryDirectory folder, Dictionary<string, string> documents)
    {
        Assert.SkipUnless(File.Exists("/usr/lib/python3/dist-packages/jsonschema/__init__.py"), "python3-jsonschema is not installed");
        var files = documents.Select(d => (Path: folder.File(d.Key), Text: d.Value)).ToList();
        foreach (var (path, text) in files)
        {
            await File.WriteAllTextAsync(path, text, Cancellation);
        }

        var schema = SourceTree.At("tests/Torchyard.Containers.Tests/Gpus/CdiSchema");
        var result = await HostCommand.RunAsync(
            HostProgram.At(Python),
            ["-c", Validate, schema, .. files.Select(f => f.Path)],
            cancellation: Cancellation
        );
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    private static JsonElement Root(string document) => JsonDocument.Parse(document).RootElement;

    // SPEC.md, "CDI JSON Specification": names and kinds.
    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$")]
    private static partial Regex DeviceName();

    [GeneratedRegex(@"^[a-z][a-z0-9.-]*[a-z0-9]/[A-Za-z][A-Za-z0-9_-]*[A-Za-z0-9]$")]
    private static partial Regex Kind();
}
