using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Capturing;
using Torchyard.Images.Capture;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Prove;
using Torchyard.Images.Oci;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard capture</c>: makes an image of an environment that works on this machine.</summary>
internal sealed partial class CaptureCommand : Verb
{
    // Beyond these, a list on a terminal helps nobody; --json has all.
    private const int ShownRows = 12;

    private readonly Argument<string> _directory = new("directory")
    {
        Description = "A virtual environment, a conda prefix, or any other directory",
    };

    private readonly Option<string?> _name = new("--name", "-t")
    {
        Description = "Name and tag of the image (default: the directory's name)",
        HelpName = "NAME[:TAG]",
    };

    private readonly Option<string?> _at = new("--at")
    {
        Description = "Path of the environment in the image (default: the same as on this machine)",
        HelpName = "PATH",
    };

    private readonly Option<string?> _base = new("--base")
    {
        Description = "Put the environment on an image of the store instead of this machine's base system",
        HelpName = "IMAGE",
    };

    private readonly Option<string[]> _only = List(
        "--only",
        "Take these distributions, and what they need by their metadata, and no others",
        "NAME,..."
    );
    private readonly Option<string[]> _include = List(
        "--include",
        "Take a further distribution, or a path outside the directory",
        "NAME|PATH,..."
    );
    private readonly Option<string[]> _exclude = List(
        "--exclude",
        "Leave out a distribution, or paths by pattern (* and ?)",
        "NAME|PATTERN,..."
    );
    private readonly Option<string[]> _packages = List(
        "--package",
        "Take further packages of this machine, with what they need",
        "NAME,..."
    );
    private readonly Option<bool> _noTrial = new("--no-trial")
    {
        Description = "Do not start the finished image's interpreter to see what it can import",
    };
    private readonly Option<bool> _noBytecode = new("--no-bytecode") { Description = "Do not compile Python modules" };

    private readonly Option<LayerCompression> _compression = new("--compression")
    {
        Description = "Compression of the layers: zstd, or gzip for engines from before 2020",
        DefaultValueFactory = _ => LayerCompression.Zstd,
    };

    private readonly Option<int?> _level = new("--level")
    {
        Description = "Compression level (default: 3 for zstd, 6 for gzip)",
        HelpName = "N",
    };

    private readonly Option<string[]> _variables = new("--env", "-e")
    {
        Description = "Environment variable of the image",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<string[]> _labels = new("--label") { Description = "Label of the image", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _dryRun = new("--dry-run", "-n")
    {
        Description = "Show what the image would have, layer by layer, and make nothing",
    };

    public CaptureCommand()
        : base("capture", VerbGroup.Make, "Make an image of an environment that works on this machine")
    {
        Arguments.Add(_directory);
        foreach (
            var option in (Option[])
                [
                    _name,
                    _at,
                    _base,
                    _only,
                    _include,
                    _exclude,
                    _packages,
                    _compression,
                    _level,
                    _noBytecode,
                    _noTrial,
                    _variables,
                    _labels,
                    _dryRun,
                ]
        )
        {
            Options.Add(option);
        }

        Options.Add(GlobalOptions.Json);
        Details = """
            The image has the directory at its own path, the interpreter that it uses, the libraries that
            it links to, and of this machine's packages those that these belong to, with what they need,
            the essential ones, and few more. It runs on machines that have none of that. No network and
            no container engine are needed, and no program of the environment is run but its interpreter,
            which compiles the modules.

            Before the image gets its name its interpreter is started in a sandbox that sees nothing of
            this machine, and imports the distributions by name. An image whose interpreter does not start
            gets no name; what cannot be imported is named.

            The NVIDIA driver is not taken: 'run --gpus' brings that of the machine it runs on. Home
            directories, keys, credentials, histories, repositories and caches are not taken either; the
            answer names everything that was left out.

            The same environment gives the same image again. A second capture reads only what changed.
            """;
        Examples =
        [
            new("torchyard capture .venv", "the virtual environment of this project"),
            new("torchyard capture /opt/torch/.venv --dry-run", "what would go in, layer by layer"),
            new("torchyard capture .venv --only torch,torchvision,triton,numpy", "these, and what they need"),
            new("torchyard capture .venv --at /opt/venv --name team/torch:2.11", "at another path, with a name"),
            new("torchyard capture ~/miniconda3/envs/train", "a conda environment"),
            new("torchyard capture .venv --base cpu", "on the image 'cpu' in place of this machine's system"),
            new("torchyard capture .venv --package git,vim --exclude 'share/doc/*'", "more tools, fewer pages"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var flow = new CaptureFlow(invocation.Host);
        var arguments = Read(invocation);
        if (invocation.Get(_dryRun))
        {
            var preview = await flow.PreviewAsync(arguments, cancellation);
            invocation.Answer(Answer.Of(preview, null), CaptureJson.Default.Answer, _ => ShowPlan(preview, invocation));
            return ExitCode.Done;
        }

        var captured = await flow.RunAsync(arguments, cancellation);
        invocation.Answer(Answer.Of(captured.Report, captured.Image), CaptureJson.Default.Answer, _ => ShowResult(captured, invocation));
        return ExitCode.Done;
    }

    private CaptureArguments Read(Invocation invocation) =>
        new()
        {
            Directory = invocation.Caller.FullPath(invocation.Get(_directory)!),
            Name = invocation.Get(_name),
            At = invocation.Get(_at),
            Base = invocation.Get(_base),
            Only = invocation.Get(_only) ?? [],
            Include = invocation.Get(_include) ?? [],
            Exclude = invocation.Get(_exclude) ?? [],
            Packages = invocation.Get(_packages) ?? [],
            Bytecode = !invocation.Get(_noBytecode),
            Trial = !invocation.Get(_noTrial),
            Compression = invocation.Get(_compression),
            Level = invocation.Get(_level),
            Variables = invocation.Get(_variables) ?? [],
            Labels = invocation.Get(_labels) ?? [],
        };

    private static Option<string[]> List(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };

    private static void ShowResult(Captured captured, Invocation invocation)
    {
        var (image, report, requested) = captured;
        // Packages are what --dry-run explains; here only what the user may not expect.
        ShowNotes(report with { Added = [.. report.Added.Where(addition => addition.Path.StartsWith('/'))] }, invocation);
        var made = report.Layers.Where(layer => !layer.Reused).ToList();
        var speed =
            report.Elapsed.TotalSeconds > 0 && report.BytesRead > 0
                ? string.Create(CultureInfo.InvariantCulture, $", {report.BytesRead / 1e6 / report.Elapsed.TotalSeconds:F0} MB/s")
                : "";
        ShowTrial(report.Trial, requested, invocation);
        invocation.Screen.Line($"{(image.Names is [var name, ..] ? name : requested)} {image.Manifest}");
        invocation.Screen.Line(
            $"{Count.Of(report.Layers.Count, "layer")}, {ByteSize.Decimal(report.Layers.Sum(layer => layer.Size))} of files, "
                + $"{ByteSize.Decimal(image.CompressedSize)} compressed; "
                + $"{Count.Of(made.Count, "layer")} made in {ProgressLine.Time(report.Elapsed)}{speed}"
        );
    }

    private static void ShowTrial(CaptureTrial? trial, string name, Invocation invocation)
    {
        if (trial?.NotTried is { } why)
        {
            invocation.Screen.Progress.Warn(
                $"the image was not tried: {why}. Try it where containers run: torchyard run --rm {name} python -c \"import …\""
            );
        }

        foreach (var failed in trial?.Failed.Where(failed => !failed.NeedsDriver) ?? [])
        {
            invocation.Screen.Progress.Warn($"{failed.Distribution} cannot be imported in the image: {failed.Reason}");
        }

        var driver = trial?.Failed.Where(failed => failed.NeedsDriver).Select(failed => failed.Distribution).ToList() ?? [];
        if (driver.Count > 0)
        {
            invocation.Screen.Line($"Imported only with the NVIDIA driver, which run --gpus brings: {string.Join(", ", driver)}");
        }
    }

    private static void ShowPlan(CaptureReport report, Invocation invocation)
    {
        var python = report.Python is null ? "no interpreter" : $"Python {report.Python}, {report.Interpreter}";
        invocation.Screen.Line($"{report.Directory}: {KindText(report.Kind)}, {python}");
        invocation.Screen.Line(
            $"{Count.Of(report.Distributions.Count, "distribution")}; {Count.Of(report.Packages.Count, "package")} of {report.System}; "
                + $"services: {(report.Services.Count == 0 ? "none" : string.Join(", ", report.Services))}"
        );
        invocation.Screen.Line("");
        Column[] columns = [new("LAYER"), new("FILES", Right: true), new("SIZE", Right: true)];
        invocation.Screen.Table(
            columns,
            [
                .. report.Layers.Select(
                    IReadOnlyList<string> (layer) =>
                        [layer.Title, layer.Files.ToString(CultureInfo.InvariantCulture), ByteSize.Decimal(layer.Size)]
                ),
            ]
        );
        invocation.Screen.Line(
            $"{Count.Of(report.Layers.Count, "layer")}, {ByteSize.Decimal(report.Layers.Sum(layer => layer.Size))} "
                + "of files, before compression and bytecode"
        );
        invocation.Screen.Line("");
        ShowNotes(report, invocation);
    }

    private static void ShowNotes(CaptureReport report, Invocation invocation)
    {
        Show("Taken from outside the directory", [.. report.Added.Select(addition => (addition.Path, addition.Reason))]);
        Show("Left out", [.. report.LeftOut.Select(omission => (omission.Path, omission.Reason))]);
        Show(
            "Libraries that nothing provides, here neither",
            [.. report.Missing.Select(missing => (missing.Library, missing.NeededBy + " asks for it"))]
        );
        if (report.Drivers.Count > 0)
        {
            invocation.Screen.Line($"From the NVIDIA driver at run time: {string.Join(", ", report.Drivers)}");
        }

        foreach (var warning in report.Warnings)
        {
            invocation.Screen.Progress.Warn(warning);
        }

        void Show(string title, IReadOnlyList<(string What, string Why)> rows)
        {
            if (rows.Count == 0)
            {
                return;
            }

            invocation.Screen.Line($"{title}:");
            foreach (var (what, why) in rows.Take(ShownRows))
            {
                invocation.Screen.Line($"  {what}: {why}");
            }

            if (rows.Count > ShownRows)
            {
                invocation.Screen.Line($"  and {rows.Count - ShownRows} more; --json lists all");
            }
        }
    }

    private static string KindText(EnvironmentKind kind) =>
        kind switch
        {
            EnvironmentKind.VirtualEnvironment => "a virtual environment",
            EnvironmentKind.Conda => "a conda prefix",
            EnvironmentKind.Prefix => "an installation of Python",
            _ => "a directory",
        };

    internal sealed record Answer
    {
        public required string? Name { get; init; }
        public required string? Digest { get; init; }
        public required long? CompressedSize { get; init; }
        public required double Seconds { get; init; }
        public required long BytesRead { get; init; }
        public required string Directory { get; init; }
        public required string Target { get; init; }
        public required string Kind { get; init; }
        public required string? Python { get; init; }
        public required string? Interpreter { get; init; }
        public required string System { get; init; }
        public required IReadOnlyList<string> Services { get; init; }
        public required IReadOnlyList<CaptureLayerReport> Layers { get; init; }
        public required IReadOnlyList<string> Distributions { get; init; }
        public required IReadOnlyList<string> Packages { get; init; }
        public required IReadOnlyList<Addition> Added { get; init; }
        public required IReadOnlyList<Omission> LeftOut { get; init; }
        public required IReadOnlyList<MissingLibraryReport> Missing { get; init; }
        public required IReadOnlyList<string> Drivers { get; init; }
        public required IReadOnlyList<string> Warnings { get; init; }
        public required CaptureTrial? Trial { get; init; }

        public static Answer Of(CaptureReport report, StoredImage? image) =>
            new()
            {
                Name = image?.Names is [var name, ..] ? name : null,
                Digest = image?.Manifest.ToString(),
                CompressedSize = image?.CompressedSize,
                Seconds = Math.Round(report.Elapsed.TotalSeconds, 3),
                BytesRead = report.BytesRead,
                Directory = report.Directory,
                Target = report.Target,
                Kind = report.Kind.ToString(),
                Python = report.Python,
                Interpreter = report.Interpreter,
                System = report.System,
                Services = report.Services,
                Layers = report.Layers,
                Distributions = report.Distributions,
                Packages = report.Packages,
                Added = report.Added,
                LeftOut = report.LeftOut,
                Missing = report.Missing,
                Drivers = report.Drivers,
                Warnings = report.Warnings,
                Trial = report.Trial,
            };
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class CaptureJson : JsonSerializerContext;
}
