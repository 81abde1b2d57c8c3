using System.Text.RegularExpressions;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Which modules a package's postinst would compile, read out of the script before it runs, so that compiling need not wait for
/// configuring. What was foreseen is checked afterwards against the calls that were really made (<see cref="ConfigureStage"/>).
/// </summary>
internal static partial class BytecodeCalls
{
    /// <summary>Modules of public directories (debpython's PUBLIC_DIR_RE).</summary>
    [GeneratedRegex(@"^usr/lib/python3(\.\d+)?/(site|dist)-packages/")]
    private static partial Regex PublicModule();

    // What dh_python3 writes: py3compile -p PACKAGE[:arch] [-V RANGE] [DIRECTORY …]; a call with -X is left to the check afterwards.
    [GeneratedRegex(@"^\s*py3compile\s+-p\s+(?<package>[a-z0-9][a-z0-9+.:-]*)(?<rest>[^|;&\n]*)$", RegexOptions.Multiline)]
    private static partial Regex Py3CompileCall();

    // What the interpreter's own packages do: files=$(dpkg -L PACKAGE … /usr/lib/pythonX.Y/ …); python … py_compile.py $files.
    [GeneratedRegex(@"dpkg -L (?<package>[a-z0-9][a-z0-9+.-]*)")]
    private static partial Regex StandardLibrary();

    /// <summary>Package whose modules are compiled, and the directories; none for its public modules.</summary>
    internal sealed record Call(string Package, IReadOnlyList<string> Directories);

    internal static IEnumerable<Call> Foresee(UnpackedPackage package)
    {
        if (!package.ControlFiles.TryGetValue("postinst", out var file))
        {
            yield break;
        }

        var script = file.Text;
        foreach (Match match in Py3CompileCall().Matches(script))
        {
            if (
                Parse(match.Groups["package"].Value, match.Groups["rest"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)) is
                { } call
            )
            {
                yield return call;
            }
        }

        if (script.Contains("/py_compile.py $files", StringComparison.Ordinal))
        {
            foreach (Match match in StandardLibrary().Matches(script))
            {
                var owner = match.Groups["package"].Value;
                if (VersionOf(owner) is { } version)
                {
                    yield return new Call(owner, [$"/usr/lib/python{version}/"]);
                }
            }
        }
    }

    /// <summary>
    /// Makes a call of the words behind <c>py3compile -p PACKAGE</c>; null when it has options that only py3compile itself can judge.
    /// </summary>
    internal static Call? Parse(string package, IReadOnlyList<string> rest)
    {
        var directories = new List<string>();
        for (var index = 0; index < rest.Count; index++)
        {
            if (rest[index] == "-V")
            {
                // A range of versions; a release has one Python 3, and packages that do not support it would not be in it.
                index++;
            }
            else if (rest[index].StartsWith('-'))
            {
                return null;
            }
            else
            {
                directories.Add(rest[index]);
            }
        }

        var colon = package.IndexOf(':');
        return new Call(colon < 0 ? package : package[..colon], directories);
    }

    /// <summary>Modules of a package that a call compiles.</summary>
    internal static IEnumerable<TarEntry> Modules(Call call, IEnumerable<TarEntry> entries) =>
        entries.Where(entry =>
            entry.Kind is TarKind.File or TarKind.HardLink
            && PythonModules.HasBytecode(entry.Name)
            && (
                call.Directories.Count == 0
                    ? PublicModule().IsMatch(entry.Name)
                    : call.Directories.Any(directory => ("/" + entry.Name).StartsWith(directory, StringComparison.Ordinal))
            )
        );

    private static string? VersionOf(string package) =>
        package.StartsWith("libpython3.", StringComparison.Ordinal) && package.IndexOf('-') is var end and > 0 ? package[9..end] : null;
}
