using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Documentation;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>README.md and docs/tour.md, typed line by line as they are, by root at a terminal of 80 columns.</summary>
public sealed class PageWalkTests
{
    private const string InEnvironment = "import sys; print('in', sys.prefix)";

    /// <summary>Lines that are not typed, each with what is missing here.</summary>
    private static readonly Dictionary<string, string> NotTyped = new(StringComparer.Ordinal)
    {
        ["./torchyard up"] = "what 'torchyard up' of the tour does, in the clone",
        ["./test"] = "runs this test",
        ["torchyard lock --fleet machines.toml"] = "needs PyPI and the indexes of PyTorch",
        ["torchyard run --engine podman --rm vision python3 -c 'import torch; print(torch.__version__)'"] =
            "imports 560 MB into another engine: Engines/EngineTests and Peers/PodmanTests do it",
        ["torchyard run --engine docker --rm --gpus all vision python3 train.py"] =
            "needs a daemon of docker and GPUs: Engines/DockerTests, Gpus/FakeGpuTests",
        ["skopeo copy oci:$HOME/.local/share/torchyard/oci:vision:latest oci-archive:vision.tar"] =
            "typed with the store of this test in the place of the default one",
        ["ssh vision.torchyard"] = "ssh reads the file of the account, whatever HOME says: Environment/SshConfigTests",
        ["scp vision.torchyard:/workspace/checkpoints/last.pt ."] = "as above",
        ["torchyard uninstall"] = "OrdinaryUserTests type it",
    };

    /// <summary>What a person types into the program that a line starts, once it shows something.</summary>
    private static readonly Dictionary<string, (string Shown, string Keys)[]> Dialogues = new(StringComparer.Ordinal)
    {
        ["torchyard ssh vision"] = [("$ ", $"python3 -c \"{InEnvironment}\"\r"), ("in /opt/project\r\n", "exit\r")],
        ["torchyard exec -it vision bash"] = [("$ ", $"python3 -c \"{InEnvironment}\"\r"), ("in /opt/project\r\n", "exit\r")],
        // Ctrl-C, as the comment of the line says, when something is saved.
        ["torchyard exec vision python3 train.py --fresh"] = [("step ", "\u0003")],
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_readme_works_as_written()
    {
        await using var store = await StoreAsync();
        using var walk = await Walk.BeginAsync(Clone(store.Home), Variables(store), [], Cancellation);

        var shown = await WalkAsync(walk, store, "README.md", new Dictionary<string, Func<Task>>());

        Assert.Contains("weights sha256:", shown["torchyard exec vision python3 train.py"], StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:", shown["torchyard up"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tour_works_as_written()
    {
        await using var index = new TestIndex().Add(
            new TestWheel("einops", "0.8.1").Add("einops/__init__.py", "__version__ = '0.8.1'\n"),
            "einops"
        );
        await using var store = await StoreAsync();
        var project = Path.Combine(Clone(store.Home), "vision");
        var afterwards = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
        {
            // PyPI is not asked in tests: an index on this machine is, as somebody with a mirror has it.
            ["torchyard up"] = () =>
                RunAsync(store, "exec", "vision", "pip", "config", "--user", "set", "global.index-url", index.Root.AbsoluteUri),
            // The edit that the text describes, at the end of the list.
            ["torchyard exec vision torchrun --nproc-per-node=2 train.py --fresh"] = async () =>
            {
                var recipe = Path.Combine(project, "torchyard.toml");
                var edit = CodeBlock
                    .Read(SourceTree.Root, "docs/tour.md")
                    .First(block => block.IsToml && block.Text.Contains("packages", StringComparison.Ordinal));
                var added = edit.Lines.Single(line => line.StartsWith("  \"", StringComparison.Ordinal));
                var text = await File.ReadAllTextAsync(recipe, Cancellation);
                await File.WriteAllTextAsync(recipe, text.Replace("\n]\n", $"\n{added}\n]\n", StringComparison.Ordinal), Cancellation);
            },
            // The line that copies it, before the page removes the image.
            ["torchyard images --digests"] = async () =>
                (
                    await HostProgram.RunAsync(
                        HostProgram.Require("skopeo"),
                        ["copy", $"oci:{store.Store}/oci:vision:latest", $"oci-archive:{Path.Combine(store.Home, "vision.tar")}"],
                        Cancellation
                    )
                ).Succeeded(),
        };
        using var walk = await Walk.BeginAsync(Clone(store.Home), Variables(store), [], Cancellation);

        var shown = await WalkAsync(walk, store, "docs/tour.md", afterwards);

        Assert.Contains("htop", shown["torchyard lock"], StringComparison.Ordinal);
        Assert.Contains(
            "resumed from checkpoints/last.pt at step ",
            shown["torchyard exec vision python3 train.py"],
            StringComparison.Ordinal
        );
        Assert.Contains("vision", shown["torchyard images"], StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_left_out_that_no_page_has()
    {
        var typed = TypedLine
            .Of("README.md")
            .Concat(TypedLine.Of("docs/tour.md"))
            .Select(line => line.Command)
            .ToHashSet(StringComparer.Ordinal);

        Assert.DoesNotContain(NotTyped.Keys.Concat(Dialogues.Keys), line => !typed.Contains(line));
    }

    private static async Task<Dictionary<string, string>> WalkAsync(
        Walk walk,
        TestStore store,
        string page,
        Dictionary<string, Func<Task>> afterwards
    )
    {
        var shown = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var line in TypedLine.Of(page).Where(line => !NotTyped.ContainsKey(line.Command)))
            {
                // Of what is interrupted: it saved and ended as one that was asked to, or was ended.
                var isInterrupted = Dialogues.TryGetValue(line.Command, out var dialogue) && dialogue[^1].Keys == "\u0003";
                shown[line.Command] = await walk.TypeAsync(line, dialogue ?? [], Cancellation, isInterrupted ? [143, 130] : []);
                if (line.Command == "torchyard init --example")
                {
                    Shorten(Path.Combine(Clone(store.Home), "vision", "train.py"));
                }

                if (afterwards.TryGetValue(line.Command, out var then))
                {
                    await then();
                }
            }
        }
        finally
        {
            await RunAsync(store, "rm", "--force", "vision");
        }

        return shown;
    }

    // A training of minutes becomes one of seconds: the same script with smaller numbers.
    private static void Shorten(string script)
    {
        var text = File.ReadAllText(script);
        foreach (
            var (option, from, to) in new[]
            {
                ("epochs", "3", "2"),
                ("samples", "8192", "1280"),
                ("checkpoint-every", "50", "2"),
                ("log-every", "25", "5"),
            }
        )
        {
            var written = $"\"--{option}\", type=int, default={from}";
            Assert.Contains(written, text, StringComparison.Ordinal);
            text = text.Replace(written, $"\"--{option}\", type=int, default={to}", StringComparison.Ordinal);
        }

        File.WriteAllText(script, text);
    }

    // As a clone is when ./torchyard has compiled the program.
    private static string Clone(string home)
    {
        var clone = Directory.CreateDirectory(Path.Combine(home, "src/torchyard")).FullName;
        var launcher = Path.Combine(clone, "torchyard");
        if (!File.Exists(launcher))
        {
            File.CreateSymbolicLink(launcher, TestStore.Program);
        }

        return clone;
    }

    // What a page says of the time and the output of a first build, FirstDay/OrdinaryUserTests and Builds/ hold against builds from
    // nothing.
    private static async Task<TestStore> StoreAsync()
    {
        var store = await TestStore.RequireAsync(Cancellation);
        await PresetLayers.LinkAsync("cpu", store, Cancellation);
        return store;
    }

    private static Dictionary<string, string> Variables(TestStore store) => new(store.Variables()) { ["LANG"] = "C.UTF-8" };

    private static Task<ProgramOutput> RunAsync(TestStore store, params string[] arguments) => store.RunAsync("/", arguments, Cancellation);
}
