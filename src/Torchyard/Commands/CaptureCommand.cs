using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Images;
using Torchyard.Images.Capture;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Environments;
using Torchyard.Platform;
using Torchyard.Platform.Text;
using Torchyard.Recipes;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard capture</c>: makes an image of an environment that works on this machine.</summary>
internal sealed partial class CaptureCommand : Verb
{
    // Beyond these, a list on a terminal helps nobody; --json has all.
    private const int ShownRows = 12;

    private readonly Argument<string> _directory = new("directory") { Description = "A virtual environment, a conda prefix, or any other directory" };

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

    private readonly Option<string[]> _only = List("--only", "Take these distributions, and what they need by their metadata, and no others", "NAME,...");
    private readonly Option<string[]> _include = List("--include", "Take a further distribution, or a path outside the directory", "NAME|PATH,...");
    private readonly Option<string[]> _exclude = List("--exclude", "Leave out a distribution, or paths by pattern (* and ?)", "NAME|PATTERN,...");
    private readonly Option<string[]> _packages = List("--package", "Take further packages of this machine, with what they need", "NAME,...");
    private readonly Option<bool> _noBytecode = new("--no-bytecode") { Description = "Do not compile Python modules" };

    private readonly Option<LayerCompression> _compression = new("--compression")
    {
        Description = "Compression of the layers: zstd, or gzip for engines from before 2020",
        DefaultValueFactory = _ => LayerCompression.Zstd,
    };

    private readonly Option<int?> _level = new("--level") { Description = "Compression level (default: 3 for zstd, 6 for gzip)", HelpName = "N" };

    private readonly Option<string[]> _variables = new("--env", "-e") { Description = "Environment variable of the image", HelpName = "NAME=VALUE" };
    private readonly Option<string[]> _labels = new("--label") { Description = "Label of the image", HelpName = "NAME=VALUE" };
    private readonly Option<bool> _dryRun = new("--dry-run", "-n") { Description = "Show what the image would have, layer by layer, and make nothing" };

    public CaptureCommand()
        : base("capture", VerbGroup.Make, "Make an image of an environment that works on this machine")
    {
        Arguments.Add(_directory);
        foreach (var option in (Option[])[_name, _at, _base, _only, _include, _exclude, _packages, _compression, _level, _noBytecode, _variables, _labels, _dryRun])
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
        var request = Request(invocation);
        if (invocation.Get(_base) is { } named)
        {
            var system = new ImageStore(invocation.Store).Find(named);
            request = request with { Base = new CaptureBase(system, await new MendingLayers(invocation).EnsureAsync(system, invocation.Screen.Progress, cancellation)) };
        }

        if (invocation.Get(_dryRun))
        {
            var preview = await Task.Run(() => ImageCapture.Preview(request, cancellation), cancellation);
            invocation.Answer(Answer.Of(preview, null), CaptureJson.Default.Answer, _ => ShowPlan(preview, invocation));
            return ExitCode.Done;
        }

        var capture = new ImageCapture(invocation.Store, SupervisorProgram.Read(AppContext.BaseDirectory), invocation.Caller.Clock);
        var (image, report) = await capture.CaptureAsync(request, invocation.Screen.Progress, cancellation);
        invocation.Answer(Answer.Of(report, image), CaptureJson.Default.Answer, _ => ShowResult(image, report, request, invocation));
        return ExitCode.Done;
    }

    private static Option<string[]> List(string name, string description, string value) => new(name) { Description = description, HelpName = value };

    private CaptureRequest Request(Invocation invocation)
    {
        var directory = invocation.Caller.FullPath(invocation.Get(_directory)!);
        var compression = invocation.Get(_compression);
        var at = invocation.Get(_at);
        if (at is not null && (!at.StartsWith('/') || Path.GetFullPath(at) == "/"))
        {
            throw new TorchyardException("TY3038", $"--at {at} is not an absolute path of a directory", "Give a path such as /opt/venv") { IsUsage = true };
        }

        if (invocation.Get(_base) is not null && Items(_packages).Length > 0)
        {
            throw new TorchyardException(
                "TY3038", "--package takes packages of this machine, and --base another system", "Build the base image with these packages, or leave --base out")
            { IsUsage = true };
        }

        return new CaptureRequest
        {
            Directory = directory,
            Name = invocation.Get(_name) ?? NameFor(directory),
            At = at is null ? null : Path.GetFullPath(at),
            Only = Items(_only),
            Include = [.. Items(_include).Select(item => item.Contains('/', StringComparison.Ordinal) ? invocation.Caller.FullPath(item) : item)],
            Exclude = Items(_exclude),
            Packages = Items(_packages),
            Bytecode = !invocation.Get(_noBytecode),
            Image = new ImageSettings
            {
                Compression = compression,
                Level = invocation.Get(_level) ?? (compression == LayerCompression.Gzip ? 6 : 3),
                LayerBudget = 40,
                Environment = Pairs(_variables),
                Labels = Pairs(_labels),
            },
        };

        string[] Items(Option<string[]> option) =>
            [.. (invocation.Get(option) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];

        Dictionary<string, string> Pairs(Option<string[]> option) => (invocation.Get(option) ?? []).Select(text => text.Split('=', 2))
            .Select(pair => pair is [{ Length: > 0 }, _] ? pair : throw new TorchyardException(
                "TY3038", $"{option.Name} {string.Join('=', pair)} is not NAME=VALUE", "Write it as in --env HF_HOME=/data/hf")
            { IsUsage = true })
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }

    /// <summary>The directory's name; for <c>.venv</c> and the like that of the directory around it.</summary>
    private static string NameFor(string directory)
    {
        var name = Path.GetFileName(directory.TrimEnd('/'));
        if (name is ".venv" or "venv" or "env" or ".env")
        {
            name = Path.GetFileName(Path.GetDirectoryName(directory.TrimEnd('/'))) is { Length: > 0 } parent ? parent : name;
        }

        return RecipeName.From(name, otherwise: "captured");
    }

    private static void ShowResult(StoredImage image, CaptureReport report, CaptureRequest request, Invocation invocation)
    {
        // Packages are what --dry-run explains; here only what the user may not expect.
        ShowNotes(report with { Added = [.. report.Added.Where(addition => addition.Path.StartsWith('/'))] }, invocation);
        var made = report.Layers.Where(layer => !layer.Reused).ToList();
        var speed = report.Elapsed.TotalSeconds > 0 && report.BytesRead > 0
            ? string.Create(CultureInfo.InvariantCulture, $", {report.BytesRead / 1e6 / report.Elapsed.TotalSeconds:F0} MB/s")
            : "";
        invocation.Screen.Line($"{(image.Names is [var name, ..] ? name : request.Name)} {image.Manifest}");
        invocation.Screen.Line(
            $"{report.Layers.Count} layers, {ByteSize.Decimal(report.Layers.Sum(layer => layer.Size))} of files, {ByteSize.Decimal(image.CompressedSize)} compressed; "
            + $"{made.Count} layers made in {ProgressLine.Time(report.Elapsed)}{speed}");
    }

    private static void ShowPlan(CaptureReport report, Invocation invocation)
    {
        var python = report.Python is null ? "no interpreter" : $"Python {report.Python}, {report.Interpreter}";
        invocation.Screen.Line($"{report.Directory}: {KindText(report.Kind)}, {python}");
        invocation.Screen.Line($"{report.Distributions.Count} distributions; {report.Packages.Count} packages of {report.System}; services: {(report.Services.Count == 0 ? "none" : string.Join(", ", report.Services))}");
        invocation.Screen.Line("");
        Column[] columns = [new("LAYER"), new("FILES", Right: true), new("SIZE", Right: true)];
        invocation.Screen.Table(columns, [.. report.Layers.Select(IReadOnlyList<string> (layer) =>
            [layer.Title, layer.Files.ToString(CultureInfo.InvariantCulture), ByteSize.Decimal(layer.Size)])]);
        invocation.Screen.Line(
            $"{report.Layers.Count} layers, {ByteSize.Decimal(report.Layers.Sum(layer => layer.Size))} of files, before compression and bytecode");
        invocation.Screen.Line("");
        ShowNotes(report, invocation);
    }

    private static void ShowNotes(CaptureReport report, Invocation invocation)
    {
        Show("Taken from outside the directory", [.. report.Added.Select(addition => (addition.Path, addition.Reason))]);
        Show("Left out", [.. report.LeftOut.Select(omission => (omission.Path, omission.Reason))]);
        Show("Libraries that nothing provides, here neither", [.. report.Missing.Select(missing => (missing.Library, missing.NeededBy + " asks for it"))]);
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

    private static string KindText(EnvironmentKind kind) => kind switch
    {
        EnvironmentKind.VirtualEnvironment => "a virtual environment",
        EnvironmentKind.Conda => "a conda prefix",
        EnvironmentKind.Prefix => "an installation of Python",
        _ => "a directory",
    };

    internal sealed record Answer(
        string? Name,
        string? Digest,
        long? CompressedSize,
        double Seconds,
        long BytesRead,
        string Directory,
        string Target,
        string Kind,
        string? Python,
        string? Interpreter,
        string System,
        IReadOnlyList<string> Services,
        IReadOnlyList<CaptureLayerReport> Layers,
        IReadOnlyList<string> Distributions,
        IReadOnlyList<string> Packages,
        IReadOnlyList<Addition> Added,
        IReadOnlyList<Omission> LeftOut,
        IReadOnlyList<MissingLibraryReport> Missing,
        IReadOnlyList<string> Drivers,
        IReadOnlyList<string> Warnings)
    {
        public static Answer Of(CaptureReport report, StoredImage? image) => new(
            image?.Names is [var name, ..] ? name : null, image?.Manifest.ToString(), image?.CompressedSize, Math.Round(report.Elapsed.TotalSeconds, 3), report.BytesRead,
            report.Directory, report.Target, report.Kind.ToString(), report.Python, report.Interpreter, report.System, report.Services, report.Layers,
            report.Distributions, report.Packages, report.Added, report.LeftOut, report.Missing, report.Drivers, report.Warnings);
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class CaptureJson : JsonSerializerContext;
}
