using System.Security.Cryptography;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>
/// Decides what installing a wheel makes (packaging.python.org, "Binary distribution format", "Installing a wheel"): where each file goes,
/// scripts with the environment's interpreter, console scripts of entry points, INSTALLER, REQUESTED, direct_url.json (PEP 610) and a
/// new RECORD. Big files are not read here: their hashes are RECORD's, and whoever streams them checks them.
/// </summary>
public sealed class InstallPlanner(VenvLayout layout)
{
    private const int ScriptLimit = 1 << 20;

    // Files that "python -m venv" makes: a wheel that brings its own would take the environment over.
    private static readonly string[] Reserved =
    [
        "pyvenv.cfg",
        "lib64",
        "bin/python",
        "bin/python3",
        "bin/activate",
        "bin/activate.csh",
        "bin/activate.fish",
        "bin/Activate.ps1",
    ];

    /// <summary>Plans one wheel.</summary>
    /// <param name="wheel">The wheel; stays open as long as the plan is used.</param>
    /// <param name="package">Its entry in the lock.</param>
    /// <exception cref="TorchyardException">TY2501 damaged, TY2502 something that is not allowed.</exception>
    public InstallPlan Plan(WheelArchive wheel, LockedPythonPackage package)
    {
        ArgumentNullException.ThrowIfNull(wheel);
        ArgumentNullException.ThrowIfNull(package);
        try
        {
            return PlanFiles(wheel, package);
        }
        catch (InvalidDataException damaged)
        {
            throw WheelProblem.Damaged(wheel.FileName.Text, damaged.Message, damaged);
        }
    }

    private InstallPlan PlanFiles(WheelArchive wheel, LockedPythonPackage package)
    {
        var files = new Dictionary<string, InstalledFile>(StringComparer.Ordinal);
        void Add(InstalledFile file)
        {
            if (!files.TryAdd(file.Path, file))
            {
                throw WheelProblem.Damaged(wheel.FileName.Text, $"two of its files go to '{file.Path}'");
            }

            if (Reserved.Any(path => IsAtOrBelow(file.Path, path)) || IsAtOrBelow(file.Path, $"bin/python{layout.Interpreter}"))
            {
                throw WheelProblem.Unsupported(wheel.FileName.Text, $"it would replace '{file.Path}' of the virtual environment");
            }
        }

        WheelAgreement.Check(wheel, package);
        foreach (var file in wheel.Files)
        {
            if (!IsReplaced(wheel, file.Entry.Name))
            {
                Add(Place(wheel, file));
            }
        }

        foreach (var script in ScriptsOf(wheel))
        {
            // pip writes these over scripts of the same name from the .data directory.
            files.Remove($"{VenvLayout.Scripts}/{script.Name}");
            Add(Made($"{VenvLayout.Scripts}/{script.Name}", ScriptText(script), executable: true));
        }

        var info = $"{layout.SitePackages}/{wheel.DistInfo}";
        Add(Made($"{info}/INSTALLER", "torchyard\n"u8.ToArray()));
        if (package.Requested)
        {
            Add(Made($"{info}/REQUESTED", []));
        }

        if (DirectUrl.Of(package) is { } origin)
        {
            Add(Made($"{info}/direct_url.json", origin));
        }

        if (FindFileAsDirectory(files.Keys) is { } both)
        {
            throw WheelProblem.Damaged(wheel.FileName.Text, $"'{both}' would be both a file and a directory");
        }

        var record = $"{info}/RECORD";
        var lines = files
            .Values.Select(f => new RecordLine(layout.RecordPath(f.Path), f.Hash, f.Size))
            .Append(new RecordLine(layout.RecordPath(record), null, null));
        var content = RecordFile.Write(lines);
        Add(
            new InstalledFile
            {
                Path = record,
                Executable = false,
                Size = content.Length,
                Hash = null,
                Content = content,
            }
        );
        return new InstallPlan(wheel, [.. files.Values.OrderBy(f => f.Path, StringComparer.Ordinal)]);
    }

    /// <summary>A path that is a file and has other files below it; null when there is none.</summary>
    internal static string? FindFileAsDirectory(ICollection<string> paths)
    {
        var files = paths as IReadOnlySet<string> ?? paths.ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            for (var slash = path.LastIndexOf('/'); slash > 0 && seen.Add(path[..slash]); slash = path.LastIndexOf('/', slash - 1))
            {
                if (files.Contains(path[..slash]))
                {
                    return path[..slash];
                }
            }
        }

        return null;
    }

    private static bool IsAtOrBelow(string path, string place) =>
        path.StartsWith(place, StringComparison.Ordinal) && (path.Length == place.Length || path[place.Length] == '/');

    /// <summary>What installing makes anew; signatures cover a RECORD that is no longer true.</summary>
    private static bool IsReplaced(WheelArchive wheel, string name) =>
        name.StartsWith(wheel.DistInfo + "/", StringComparison.Ordinal)
        && name[(wheel.DistInfo.Length + 1)..]
            is "RECORD"
                or "RECORD.jws"
                or "RECORD.p7s"
                or "INSTALLER"
                or "REQUESTED"
                or "direct_url.json";

    private InstalledFile Place(WheelArchive wheel, WheelFile file)
    {
        var name = file.Entry.Name;
        if (!name.StartsWith(wheel.DataDirectory + "/", StringComparison.Ordinal))
        {
            return Copy($"{layout.SitePackages}/{name}", file, file.Entry.Executable);
        }

        var inside = name[(wheel.DataDirectory.Length + 1)..];
        var slash = inside.IndexOf('/', StringComparison.Ordinal);
        var (key, rest) = slash < 0 ? (inside, "") : (inside[..slash], inside[(slash + 1)..]);
        return rest.Length == 0
            ? throw WheelProblem.Damaged(wheel.FileName.Text, $"'{name}' is in no scheme directory")
            : key switch
            {
                "purelib" or "platlib" => Copy($"{layout.SitePackages}/{rest}", file, file.Entry.Executable),
                "headers" => Copy($"{layout.Headers(wheel.Metadata.Name)}/{rest}", file, file.Entry.Executable),
                "data" => Copy(rest, file, file.Entry.Executable),
                "scripts" => Script(wheel, file, rest),
                _ => throw WheelProblem.Unsupported(wheel.FileName.Text, $"'{name}' is for the unknown scheme '{key}'"),
            };
    }

    /// <summary>A script: executable, and with <c>#!python</c> turned into the environment's interpreter.</summary>
    private InstalledFile Script(WheelArchive wheel, WheelFile file, string rest)
    {
        var path = $"{VenvLayout.Scripts}/{rest}";
        Span<byte> start = stackalloc byte[8];
        using (var head = wheel.OpenFile(file))
        {
            start = start[..head.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }

        if (!start.StartsWith("#!python"u8))
        {
            return Copy(path, file, executable: true);
        }

        if (file.Entry.Size > ScriptLimit)
        {
            throw WheelProblem.Unsupported(wheel.FileName.Text, $"the script '{rest}' has {file.Entry.Size} bytes");
        }

        var content = new byte[file.Entry.Size];
        using (var stream = wheel.OpenFile(file))
        {
            stream.ReadExactly(content);
        }

        WheelFileHash.Require(wheel, file, content);
        var end = content.AsSpan().IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(content.AsSpan(0, end < 0 ? content.Length : end)).TrimEnd('\r');
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var first = Encoding.UTF8.GetBytes($"#!{layout.Python}{(space < 0 ? "" : line[space..])}\n");
        return Made(path, [.. first, .. end < 0 ? [] : content.AsSpan(end + 1)], executable: true);
    }

    /// <summary>pip's own wheel gets the versioned name that pip itself makes: <c>pip3.13</c>.</summary>
    private IEnumerable<ConsoleScript> ScriptsOf(WheelArchive wheel)
    {
        if (wheel.FileName.Name != "pip" || wheel.Scripts.FirstOrDefault(s => s.Name == "pip") is not { } pip)
        {
            return wheel.Scripts;
        }

        return [pip, pip with { Name = "pip3" }, pip with { Name = $"pip{layout.Interpreter}" }];
    }

    /// <summary>The script that pip writes for an entry point (pip, distlib's template).</summary>
    private byte[] ScriptText(ConsoleScript script) =>
        Encoding.UTF8.GetBytes(
            $"""
            #!{layout.Python}
            import sys
            from {script.Module} import {script.Function.Split('.')[0]}
            if __name__ == '__main__':
                sys.argv[0] = sys.argv[0].removesuffix('.exe')
                sys.exit({script.Function}())

            """.ReplaceLineEndings("\n")
        );

    private static InstalledFile Copy(string path, WheelFile file, bool executable) =>
        new()
        {
            Path = path,
            Executable = executable,
            Size = file.Entry.Size,
            Hash = file.Hash,
            Source = file,
        };

    private static InstalledFile Made(string path, byte[] content, bool executable = false) =>
        new()
        {
            Path = path,
            Executable = executable,
            Size = content.Length,
            Hash = RecordHash.Sha256(SHA256.HashData(content)),
            Content = content,
        };
}
