using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Torchyard.Images.Sandbox;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Python;

/// <summary>
/// Builds wheels on the base system in a sandbox: no network, fixed paths, time, locale, umask and hash seed; the backend is nobody, not
/// root. Nothing that it does stays, but its wheel.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="sandbox">Runs the backend.</param>
/// <param name="root">Layers of the system that is built on, top first: the base system with the recipe's build packages.</param>
public sealed class SandboxWheelBuilder(StorePaths paths, IRootSandbox sandbox, Func<CancellationToken, Task<IReadOnlyList<string>>> root)
    : IWheelBuilder
{
    /// <inheritdoc />
    public async Task<string> DescribeAsync(CancellationToken cancellation) =>
        // Layers are named after their content, so that equal systems have equal text on every machine.
        Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n', (await root(cancellation)).Select(layer => Path.GetFileName(layer))))).Hex;

    /// <inheritdoc />
    public async Task<IWheelBuild> OpenAsync(FetchedSource source, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Repository is not null && !(await root(cancellation)).Any(layer => File.Exists(Path.Combine(layer, "usr/bin/git"))))
        {
            throw new TorchyardException(
                "TY2527",
                $"{source.Shown} is in a Git repository, and the system that wheels are built on has no git; a project that takes its "
                    + "version from tags would get a wrong one",
                "add to [python] of the recipe: build-packages = [\"git\"]; then run 'torchyard lock'"
            );
        }

        var directory = BuildDirectory.Create(paths);
        var tree = Path.Combine(directory.Path, "source");
        InstalledFiles.MakeDirectory(tree);
        try
        {
            var unpacker = new SourceUnpacker(tree, source.Shown, new SourceLimits());
            await Task.Run(
                () =>
                {
                    foreach (var part in source.Parts)
                    {
                        unpacker.Add(part, cancellation);
                    }
                },
                cancellation
            );
            var project = unpacker.Project(strip: !source.Source.IsGit, source.Source.Subdirectory);
            var build = new SandboxWheelBuild(sandbox, root, directory, tree, Path.GetRelativePath(tree, project))
            {
                Pyproject = SourceUnpacker.Read(project, "pyproject.toml", 4 << 20),
                HasSetup = SourceUnpacker.Read(project, "setup.py", 16 << 20) is not null,
            };
            unpacker.Finish();
            if (source.Repository is { } repository)
            {
                unpacker.AddRepository(repository);
            }

            return build;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }
}

/// <summary>A source that is laid out for <see cref="SandboxWheelBuilder"/>.</summary>
/// <param name="sandbox">Runs the backend.</param>
/// <param name="root">Layers of the system, top first.</param>
/// <param name="directory">Directory of this build; goes away with it.</param>
/// <param name="tree">The whole source.</param>
/// <param name="project">Directory of the project in it, relative.</param>
internal sealed class SandboxWheelBuild(
    IRootSandbox sandbox,
    Func<CancellationToken, Task<IReadOnlyList<string>>> root,
    BuildDirectory directory,
    string tree,
    string project
) : IWheelBuild
{
    // Compilers write these paths into what they make.
    private const string Inside = "/build";
    private const string Program = "build-wheel.py";
    private const long WheelLimit = 8L << 30;
    private const int AnswerLimit = 1 << 20;

    private int _runs;

    /// <inheritdoc />
    public byte[]? Pyproject { get; init; }

    /// <inheritdoc />
    public bool HasSetup { get; init; }

    /// <inheritdoc />
    public Task<HookResult> GetRequiresAsync(
        BuildBackend backend,
        IReadOnlyDictionary<string, string> tools,
        CancellationToken cancellation
    ) => RunAsync("get_requires_for_build_wheel", backend, tools, null, cancellation);

    /// <inheritdoc />
    public Task<HookResult> BuildAsync(
        BuildBackend backend,
        IReadOnlyDictionary<string, string> tools,
        Action<string>? onLine,
        CancellationToken cancellation
    ) => RunAsync("build_wheel", backend, tools, onLine, cancellation);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<HookResult> RunAsync(
        string hook,
        BuildBackend backend,
        IReadOnlyDictionary<string, string> tools,
        Action<string>? onLine,
        CancellationToken cancellation
    )
    {
        var lower = await root(cancellation);
        var python = PythonRoot.Find(lower).Version;
        var work = Path.Combine(directory.Path, string.Create(CultureInfo.InvariantCulture, $"{_runs++}"));
        var environment = Path.Combine(work, "env");
        var run = Path.Combine(work, "run");
        var exchange = Path.Combine(work, "exchange");
        InstalledFiles.MakeDirectory(run);
        InstalledFiles.MakeDirectory(exchange);
        await Task.Run(() => BuildEnvironment.Make(environment, $"{Inside}/env", python, tools), cancellation);
        await File.WriteAllBytesAsync(Path.Combine(run, Program), ProgramText(), cancellation);
        File.SetUnixFileMode(Path.Combine(run, Program), (UnixFileMode)FileModes.ReadOnly);
        var result = await sandbox.RunAsync(
            new SandboxRequest
            {
                Lower = lower,
                Upper = null,
                Work = null,
                Arguments =
                [
                    $"/usr/bin/python{python}",
                    "-I",
                    "-B",
                    $"{Inside}/run/{Program}",
                    hook,
                    backend.Backend,
                    project,
                    .. backend.BackendPath,
                ],
                Environment = new Dictionary<string, string>
                {
                    ["PATH"] = $"{Inside}/env/bin:/usr/local/bin:/usr/bin:/bin",
                    ["HOME"] = $"{Inside}/home",
                    ["LC_ALL"] = "C.UTF-8",
                    ["TZ"] = "UTC",
                    ["SOURCE_DATE_EPOCH"] = WheelLayerFile.ModifiedAt.ToString(CultureInfo.InvariantCulture),
                    ["PYTHONHASHSEED"] = "0",
                    ["PYTHONNOUSERSITE"] = "1",
                    ["PYTHONDONTWRITEBYTECODE"] = "1",
                    ["PIP_NO_INDEX"] = "1",
                    ["VIRTUAL_ENV"] = $"{Inside}/env",
                },
                ReadOnlyMounts = new Dictionary<string, string>
                {
                    [tree] = $"{Inside}/input",
                    [environment] = $"{Inside}/env",
                    [run] = $"{Inside}/run",
                },
                WritableMounts = new Dictionary<string, string> { [exchange] = $"{Inside}/exchange" },
                OnLine = onLine,
            },
            cancellation
        );
        return result.ExitCode == 0 ? Read(exchange, result) : new HookResult(result.ExitCode, result.Tail, [], null);
    }

    /// <summary>What the program left behind: it is inside with the backend, so it is not believed.</summary>
    private static HookResult Read(string exchange, SandboxResult result)
    {
        using var output = ConfinedDirectory.Open(exchange);
        if (!IsPlain(output.Status("answer.json"), AnswerLimit) || output.ReadBytes("answer.json", AnswerLimit) is not { } answer)
        {
            return Wrong("the backend gave no answer");
        }

        try
        {
            using var json = UnicodeJson.Parse(answer);
            if (json.RootElement.TryGetProperty("requires", out var requires))
            {
                return new HookResult(0, result.Tail, [.. requires.EnumerateArray().Select(item => item.GetString() ?? "")], null);
            }

            var name = json.RootElement.GetProperty("wheel").GetString();
            return WheelFileName.TryParse(name, out var parsed) && IsPlain(output.Status(parsed.Text), WheelLimit)
                ? new HookResult(0, result.Tail, [], Path.Combine(exchange, parsed.Text))
                : Wrong($"the backend says that it made '{name}', which is not a wheel");
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return Wrong("the backend's answer cannot be read");
        }

        HookResult Wrong(string why) => new(1, $"{result.Tail}\n{why}", [], null);
    }

    // Pipes and devices have no length.
    private static bool IsPlain(FileFacts? file, long limit) => file is { IsRegular: true, Size: > 0 } found && found.Size <= limit;

    private static byte[] ProgramText()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Program)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
