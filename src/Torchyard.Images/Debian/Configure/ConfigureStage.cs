using System.Globalization;
using System.Reflection;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Errors;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Configures the packages of a stage by dpkg itself, over the layers below it. What that changes is in the upper directory afterwards,
/// cleaned.
/// </summary>
internal sealed class ConfigureStage(IRootSandbox sandbox, PythonCompiler? python, BuildTimings timings)
{
    private const string Calls = "var/lib/torchyard-calls";
    private const string Files = "var/lib/torchyard-files";
    private const string Inside = "/run/torchyard/";

    /// <summary>Gets what the user has to know of the image, one line each.</summary>
    internal Action<string> Tell { get; init; } = static _ => { };

    private static readonly string[] PreinstArguments = ["/bin/sh", Inside + "preinst.sh"];

    /// <summary>Runs the stage.</summary>
    /// <param name="packages">Packages of the stage in name order, essential ones included.</param>
    /// <param name="share">Settles what they share with each other or with packages below, given the upper directory.</param>
    /// <param name="lower">Layers below, top first.</param>
    /// <param name="cudnn">Absolute paths of cuDNN's files when a layer below has them in the place of Debian's downloader; else
    /// empty.</param>
    /// <param name="directory">A new directory on the store's file system; the result is its <c>upper/</c>.</param>
    /// <param name="epoch">Time of everything that is made, seconds since 1970.</param>
    /// <param name="planned">Modules whose bytecode the layers below get anyway.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal async Task<string> RunAsync(
        IReadOnlyList<UnpackedPackage> packages,
        Func<UpperDirectory, SharedFiles> share,
        IReadOnlyList<string> lower,
        IReadOnlyList<string> cudnn,
        string directory,
        long epoch,
        IReadOnlySet<string> planned,
        CancellationToken cancellation
    )
    {
        var path = Path.Combine(directory, "upper");
        Directory.CreateDirectory(path);
        Directory.CreateDirectory(Path.Combine(directory, "work"));
        using var upper = new UpperDirectory(path, lower);
        var shared = share(upper);
        shared.RefuseUndecidable();
        // What an image that is built on left so is its own affair.
        var left = DpkgDatabase.Unfinished(upper.ReadText(DpkgDatabase.Directory + "/status")).ToHashSet(StringComparer.Ordinal);
        WriteDatabase(upper, packages);
        LinkMergedDirectories(upper, packages);
        upper.Write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"u8, FileModes.Executable);
        if (packages.Any(package => package.Package.Name == "mawk"))
        {
            // base-files and others use awk before mawk's own postinst has made the alternative.
            upper.Link("usr/bin/awk", "mawk");
        }

        if (packages.Any(package => package.Package.Name == "openssh-server"))
        {
            // Its postinst makes host keys where there are none. Nobody may use them, since all copies of the image would share them, so
            // none are made.
            foreach (var kind in new[] { "rsa", "ecdsa", "ed25519" })
            {
                upper.WriteText($"etc/ssh/ssh_host_{kind}_key", "");
            }
        }

        var tools = Path.Combine(directory, "tools");
        Directory.CreateDirectory(tools);
        var request = Request(upper, packages, lower, cudnn, directory, tools, epoch);
        if (packages.Any(package => package.ControlFiles.ContainsKey("preinst")))
        {
            var prepared = await MeasureAsync(
                "preinst scripts of ",
                packages,
                request with
                {
                    Arguments = [.. PreinstArguments, Architecture(packages), Inside + "preinst"],
                },
                cancellation
            );
            if (prepared.ExitCode != 0)
            {
                throw ImageErrors.ConfigureFailed("preparing packages", prepared.ExitCode, prepared.Tail);
            }

            // dpkg runs these scripts before it unpacks: what they removed or changed of the packages' own files, it would have put back.
            upper.Restore(
                packages.SelectMany(package => package.ListedPaths).Select(PackageUnpacker.PlaceOf).ToHashSet(StringComparer.Ordinal)
            );
            // Packages list these directories as their own.
            LinkMergedDirectories(upper, packages);
            Directory.Delete(Path.Combine(directory, "work"), recursive: true);
            Directory.CreateDirectory(Path.Combine(directory, "work"));
        }

        await WriteDisappearedAsync(shared.Settle(), Path.Combine(tools, "disappeared"), cancellation);
        var result = await MeasureAsync("", packages, request, cancellation);
        if (result.ExitCode != 0)
        {
            throw ImageErrors.ConfigureFailed("configuring packages", result.ExitCode, result.Tail);
        }

        if (DpkgDatabase.Unfinished(upper.ReadText(DpkgDatabase.Directory + "/status")).Except(left).ToList() is { Count: > 0 } unfinished)
        {
            throw ImageErrors.ConfigureFailed($"dpkg left {string.Join(", ", unfinished)}: configuring", 0, result.Tail);
        }

        upper.RemoveBytecode();
        await CompileUnforeseenAsync(upper, lower, directory, epoch, planned, cancellation);
        foreach (var taken in RootCleanup.Clean(upper, packages, epoch))
        {
            Tell(taken);
        }

        return path;
    }

    private Task<SandboxResult> MeasureAsync(
        string what,
        IReadOnlyList<UnpackedPackage> packages,
        SandboxRequest request,
        CancellationToken cancellation
    ) =>
        timings.MeasureAsync(
            BuildWork.Configure,
            $"{what}{Count.Of(packages.Count, "package")}: {packages[0].InfoName} …",
            () => sandbox.RunAsync(request, cancellation),
            SandboxTime.Of
        );

    private static void WriteDatabase(UpperDirectory upper, IReadOnlyList<UnpackedPackage> packages)
    {
        var status = upper.ReadText(DpkgDatabase.Directory + "/status") + DpkgDatabase.UnpackedStatus(packages);
        upper.WriteText(DpkgDatabase.Directory + "/status", status);
        upper.WriteText(DpkgDatabase.Directory + "/info/format", "1\n");
        // Without Unincorp dpkg takes the database for one from before triggers and activates every trigger that any package is interested
        // in (lib/dpkg/triglib.c, trig_transitional_activate).
        foreach (var empty in new[] { "available", "diversions", "statoverride", "triggers/Unincorp" })
        {
            if (upper.Status($"{DpkgDatabase.Directory}/{empty}") is null)
            {
                upper.WriteText($"{DpkgDatabase.Directory}/{empty}", "");
            }
        }

        foreach (var needed in new[] { "alternatives", "parts", "updates", "triggers" })
        {
            upper.MakeDirectory($"{DpkgDatabase.Directory}/{needed}", FileModes.Directory, 0, 0);
        }

        foreach (
            var group in packages
                .SelectMany(DpkgDatabase.Interests)
                .GroupBy(interest => interest.IsFile ? "/File" : interest.Trigger, StringComparer.Ordinal)
        )
        {
            var file = $"{DpkgDatabase.Directory}/triggers/{(group.Key == "/File" ? "File" : group.Key)}";
            var lines = group.Select(interest => interest.IsFile ? $"{interest.Trigger} {interest.Line}\n" : interest.Line + "\n");
            upper.WriteText(file, upper.ReadText(file) + string.Concat(lines));
        }
    }

    /// <summary>
    /// Packages are unpacked with merged /usr. Since Debian 13 base-files has the links that make it so; before, debootstrap and mmdebstrap
    /// make those to which a package has files, and so does this.
    /// </summary>
    private static void LinkMergedDirectories(UpperDirectory upper, IReadOnlyList<UnpackedPackage> packages)
    {
        foreach (var name in PackageUnpacker.MergedDirectories)
        {
            if (
                upper.Status(name) is null
                && packages.Any(package => package.ListedPaths.Any(path => path.StartsWith(name + "/", StringComparison.Ordinal)))
            )
            {
                upper.Link(name, "usr/" + name);
            }
        }
    }

    private static SandboxRequest Request(
        UpperDirectory upper,
        IReadOnlyList<UnpackedPackage> packages,
        IReadOnlyList<string> lower,
        IReadOnlyList<string> cudnn,
        string directory,
        string tools,
        long epoch
    )
    {
        // Essential packages first, and of these the two that the others' scripts take for granted.
        var scripts = packages
            .Where(package => package.ControlFiles.ContainsKey("preinst"))
            .OrderBy(package =>
                package.Package.Name switch
                {
                    "base-files" => 0,
                    "base-passwd" => 1,
                    _ => package.Package.Essential ? 2 : 3,
                }
            )
            .ThenBy(package => package.InfoName, StringComparer.Ordinal)
            .Select(package => package.InfoName);
        var mounts = new Dictionary<string, string>();
        Add("configure.sh", "configure.sh", Inside + "configure.sh");
        Add("preinst.sh", "preinst.sh", Inside + "preinst.sh");
        Write("disappeared", "", Inside + "disappeared");
        Write("preinst", string.Concat(scripts.Select(name => name + "\n")), Inside + "preinst");
        Write("triggers", string.Concat(Activations(upper, packages).Select(line => line + "\n")), Inside + "triggers");
        if (cudnn.Count > 0)
        {
            Write("cudnn-files", string.Concat(cudnn.Select(path => path + "\n")), Inside + "cudnn-files");
            Add("update-nvidia-cudnn.sh", "update-nvidia-cudnn", "/" + DebianDownloader.Path);
        }

        if (upper.Status("usr/bin/py3compile") is not null)
        {
            Add("log-call.sh", "py3compile", "/usr/bin/py3compile");
        }

        foreach (var place in StandardLibraries(lower))
        {
            Add("log-call.py", "py_compile.py", $"/{place}/py_compile.py");
        }

        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = "/root",
            ["LANG"] = "C.UTF-8",
            ["LC_ALL"] = "C.UTF-8",
            // Whatever zone a package of the image sets: what scripts write the time into says the same everywhere.
            ["TZ"] = "UTC",
            ["DEBIAN_FRONTEND"] = "noninteractive",
            ["DEBCONF_NONINTERACTIVE_SEEN"] = "true",
            ["SOURCE_DATE_EPOCH"] = epoch.ToString(CultureInfo.InvariantCulture),
            // TeX passes SOURCE_DATE_EPOCH over unless it is told that documents may have that date, too.
            ["FORCE_SOURCE_DATE"] = "1",
            ["PYTHONHASHSEED"] = "0",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        return new SandboxRequest
        {
            Lower = lower,
            Upper = upper.Path,
            Work = Path.Combine(directory, "work"),
            Arguments = ["/bin/sh", Inside + "configure.sh", Inside + "triggers", Inside + "disappeared"],
            Environment = environment,
            ReadOnlyMounts = mounts,
        };

        void Add(string resource, string file, string inside)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream);
            Write(file, reader.ReadToEnd(), inside);
        }

        void Write(string file, string text, string inside)
        {
            var place = Path.Combine(tools, file);
            File.WriteAllText(place, text);
            File.SetUnixFileMode(place, (UnixFileMode)FileModes.Executable);
            mounts[place] = inside;
        }
    }

    private static Task WriteDisappearedAsync(IEnumerable<Disappeared> disappeared, string file, CancellationToken cancellation) =>
        File.WriteAllTextAsync(
            file,
            string.Concat(
                disappeared.Select(pair =>
                    string.Join(
                        ' ',
                        pair.Package.InfoName,
                        pair.Package.Package.Architecture,
                        pair.InFavourOf.Package.Name,
                        pair.InFavourOf.Package.Version
                    ) + "\n"
                )
            ),
            cancellation
        );

    private static string Architecture(IReadOnlyList<UnpackedPackage> packages) =>
        packages.Select(package => package.Package.Architecture).FirstOrDefault(name => name != "all") ?? "all";

    private static IEnumerable<string> StandardLibraries(IReadOnlyList<string> lower) =>
        lower.SelectMany(StandardLibraries).Distinct(StringComparer.Ordinal);

    private static IReadOnlyList<string> StandardLibraries(string layer)
    {
        using var root = ConfinedDirectory.Open(layer, Links.InsideRoot);
        return
        [
            .. root.List("usr/lib")
                .Where(name => name.StartsWith("python3.", StringComparison.Ordinal))
                .Select(name => "usr/lib/" + name)
                .Where(library => root.Status(library + "/py_compile.py") is not null),
        ];
    }

    /// <summary>
    /// File triggers that unpacking would have activated in packages of earlier stages. Those of this stage's own packages are passed over,
    /// as dpkg does: their postinst is still to run and does the same work.
    /// </summary>
    private static SortedSet<string> Activations(UpperDirectory upper, IReadOnlyList<UnpackedPackage> packages)
    {
        var own = packages.Select(package => package.InfoName).ToHashSet(StringComparer.Ordinal);
        var interests = DpkgDatabase
            .ParseFileInterests(upper.ReadText(DpkgDatabase.Directory + "/triggers/File"))
            .Where(interest => !own.Contains(interest.Package))
            .Select(interest => interest.Trigger)
            .ToHashSet(StringComparer.Ordinal);
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            foreach (var listed in package.ListedPaths)
            {
                for (var path = "/" + listed; path.Length > 1; path = "/" + ArchivePath.Parent(path[1..]))
                {
                    if (interests.Contains(path))
                    {
                        lines.Add($"{package.InfoName} {path}");
                    }
                }
            }
        }

        return lines;
    }

    /// <summary>Compiles what the scripts asked for beyond what was read out of them before.</summary>
    private async Task CompileUnforeseenAsync(
        UpperDirectory upper,
        IReadOnlyList<string> lower,
        string directory,
        long epoch,
        IReadOnlySet<string> planned,
        CancellationToken cancellation
    )
    {
        if (python is null)
        {
            return;
        }

        var modules = upper
            .ReadText(Files)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(path => path.TrimStart('/'))
            .Concat(
                upper
                    .ReadText(Calls)
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .SelectMany(line => CallModules(upper, line.Split('\t', StringSplitOptions.RemoveEmptyEntries)))
            )
            .Where(module =>
                PythonModules.HasBytecode(module) && !planned.Contains(module) && upper.Status(python.BytecodePath(module)) is null
            )
            .ToHashSet(StringComparer.Ordinal);
        if (modules.Count == 0)
        {
            return;
        }

        var ordered = modules.Order(StringComparer.Ordinal).ToList();
        var made = await python.CompileInRootAsync(ordered, [upper.Path, .. lower], Path.Combine(directory, "compile"), cancellation);
        using var output = ConfinedDirectory.Open(made);
        foreach (var bytecode in ordered.Select(python.BytecodePath))
        {
            if (output.ReadBytes(bytecode, PythonCompiler.LargestBytecode) is { } content)
            {
                upper.Write(bytecode, content, modifiedAt: epoch);
            }
        }
    }

    private static IEnumerable<string> CallModules(UpperDirectory upper, string[] words)
    {
        var at = Array.IndexOf(words, "-p");
        if (at < 0 || at + 1 >= words.Length)
        {
            return [];
        }

        var name = words[at + 1];
        // Excluded modules (-X) only lack bytecode with py3compile; compiling them is harmless.
        var rest = words.Take(at).Concat(words.Skip(at + 2)).ToList();
        for (var index = rest.IndexOf("-X"); index >= 0 && index + 1 < rest.Count; index = rest.IndexOf("-X"))
        {
            rest.RemoveRange(index, 2);
        }

        if (BytecodeCalls.Parse(name, rest) is not { } call)
        {
            return [];
        }

        var list = upper.ReadText($"{PackageUnpacker.InfoDirectory}/{name}.list") is { Length: > 0 } own
            ? own
            : upper.ReadText($"{PackageUnpacker.InfoDirectory}/{call.Package}.list");
        return list.Length == 0
            ? []
            : BytecodeCalls
                .Modules(
                    call,
                    list.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .Select(line => new TarEntry { Name = line.TrimStart('/'), Kind = TarKind.File })
                )
                .Select(entry => entry.Name);
    }
}
