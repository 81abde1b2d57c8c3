using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Requests;

/// <summary>Reads mounts as docker writes them: <c>-v</c>, <c>--mount</c> and <c>--tmpfs</c>.</summary>
public static class MountSyntax
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <summary>Reads <c>[SOURCE:]TARGET[:OPTIONS]</c>. A source with a slash is a path, else the name of a volume.</summary>
    /// <param name="text">Value of <c>-v</c>.</param>
    /// <param name="workingDirectory">What a relative path is relative to.</param>
    /// <exception cref="TorchyardException">TY4030: it cannot be read.</exception>
    public static MountRequest Volume(string text, string workingDirectory) => Volume(text, () => workingDirectory);

    /// <summary>As <see cref="Volume(string, string)"/>; the working directory is asked for only when a path is relative to it.</summary>
    /// <exception cref="TorchyardException">TY4030: it cannot be read.</exception>
    /// <param name="text">Value of <c>-v</c>.</param>
    /// <param name="workingDirectory">What a relative path is relative to.</param>
    /// <param name="home">What <c>~</c> is, where no shell has replaced it; null: a name as any other.</param>
    public static MountRequest Volume(string text, Func<string> workingDirectory, string? home = null)
    {
        RequireNoNul(text);
        var parts = text.Split(':');
        var (source, target, options) = parts switch
        {
            [var only] => ("", only, ""),
            [var target1, var options1] when target1.StartsWith('/') && IsOptions(options1) => ("", target1, options1),
            [var source2, var target2] => (source2, target2, ""),
            [var source3, var target3, var options3] => (source3, target3, options3),
            _ => throw Wrong(text, "it has more than two colons"),
        };
        var mount = IsPath(source)
            ? new MountRequest
            {
                Kind = MountKind.Bind,
                Source = HostPath(text, source, workingDirectory, home),
                Target = Target(text, target),
                CreateSource = true,
            }
            : new MountRequest
            {
                Kind = MountKind.Volume,
                Source = VolumeName(text, source),
                Target = Target(text, target),
            };
        foreach (var option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            mount = option switch
            {
                "ro" => mount with { ReadOnly = true },
                // SELinux relabelling does not apply: the container has no label of its own.
                "rw" or "z" or "Z" or "nocopy" => mount,
                _ when Propagations.Contains(option) => mount with { Propagation = option },
                _ => throw Wrong(text, $"'{option}' is not an option of -v; known are ro, rw and the propagations"),
            };
        }

        return mount;
    }

    /// <summary>Reads <c>type=bind,source=…,target=…,readonly</c> and the other forms of docker's <c>--mount</c>.</summary>
    /// <param name="text">Value of <c>--mount</c>.</param>
    /// <param name="workingDirectory">What a relative path is relative to.</param>
    /// <exception cref="TorchyardException">TY4030: it cannot be read.</exception>
    public static MountRequest Mount(string text, string workingDirectory) => Mount(text, () => workingDirectory);

    /// <summary>As <see cref="Mount(string, string)"/>; the working directory is asked for only when a path is relative to it.</summary>
    /// <exception cref="TorchyardException">TY4030: it cannot be read.</exception>
    /// <param name="text">Value of <c>--mount</c>.</param>
    /// <param name="workingDirectory">What a relative path is relative to.</param>
    /// <param name="home">What <c>~</c> is, where no shell has replaced it; null: a name as any other.</param>
    public static MountRequest Mount(string text, Func<string> workingDirectory, string? home = null)
    {
        RequireNoNul(text);
        var kind = MountKind.Volume;
        string source = "",
            target = "",
            propagation = "rprivate";
        var readOnly = false;
        long? size = null;
        var mode = FileModes.SharedDirectory;
        foreach (var field in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? field : field[..equals];
            var value = equals < 0 ? "" : field[(equals + 1)..];
            switch (key.ToLowerInvariant())
            {
                case "type":
                    kind = value switch
                    {
                        "bind" => MountKind.Bind,
                        "volume" => MountKind.Volume,
                        "tmpfs" => MountKind.Tmpfs,
                        _ => throw Wrong(text, $"type '{value}' is not bind, volume or tmpfs"),
                    };
                    break;
                case "source" or "src":
                    source = value;
                    break;
                case "target" or "destination" or "dst":
                    target = value;
                    break;
                case "readonly" or "ro":
                    readOnly = value switch
                    {
                        "" or "true" or "1" => true,
                        "false" or "0" => false,
                        _ => throw Wrong(text, $"'{value}' is not true or false"),
                    };
                    break;
                case "bind-propagation" when Propagations.Contains(value):
                    propagation = value;
                    break;
                case "volume-nocopy" or "consistency":
                    break;
                case "tmpfs-size":
                    size = ByteSize.TryParse(value, out var bytes) ? bytes : throw Wrong(text, $"'{value}' is not a size");
                    break;
                case "tmpfs-mode":
                    mode = Octal(text, value);
                    break;
                default:
                    throw Wrong(text, $"'{field}' is not a field of --mount");
            }
        }

        return new MountRequest
        {
            Kind = kind,
            Source = kind switch
            {
                MountKind.Bind when source.Length > 0 => HostPath(text, source, workingDirectory, home),
                MountKind.Bind => throw Wrong(text, "a bind mount needs source="),
                MountKind.Volume => VolumeName(text, source),
                _ when source.Length > 0 => throw Wrong(text, "a tmpfs has no source"),
                _ => "",
            },
            Target = Target(text, target),
            ReadOnly = readOnly,
            Propagation = propagation,
            TmpfsSize = size,
            TmpfsMode = mode,
        };
    }

    /// <summary>Reads <c>TARGET[:OPTIONS]</c> of <c>--tmpfs</c>; options <c>size=</c>, <c>mode=</c>, <c>ro</c>.</summary>
    /// <exception cref="TorchyardException">TY4030: it cannot be read.</exception>
    public static MountRequest Tmpfs(string text)
    {
        RequireNoNul(text);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var mount = new MountRequest { Kind = MountKind.Tmpfs, Target = Target(text, colon < 0 ? text : text[..colon]) };
        foreach (var option in (colon < 0 ? "" : text[(colon + 1)..]).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            mount = option switch
            {
                "ro" => mount with { ReadOnly = true },
                "rw" or "nosuid" or "nodev" or "noexec" or "exec" => mount,
                _ when option.StartsWith("size=", StringComparison.Ordinal) && ByteSize.TryParse(option[5..], out var bytes) => mount with
                {
                    TmpfsSize = bytes,
                },
                _ when option.StartsWith("mode=", StringComparison.Ordinal) => mount with { TmpfsMode = Octal(text, option[5..]) },
                _ => throw Wrong(text, $"'{option}' is not an option of --tmpfs"),
            };
        }

        return mount;
    }

    // The kernel would take what is before it for the whole path.
    private static void RequireNoNul(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw Wrong(text.Replace("\0", "\\0", StringComparison.Ordinal), "it has a zero byte in it");
        }
    }

    private static bool IsPath(string source) =>
        source.Contains('/', StringComparison.Ordinal) || source is "." or ".." || source.StartsWith('~') || source.StartsWith('$');

    private static bool IsOptions(string text) =>
        !text.StartsWith('/') && text.Split(',').All(o => o is "ro" or "rw" or "z" or "Z" or "nocopy" || Propagations.Contains(o));

    /// <summary>
    /// A home directory is meant where the shell did not replace it, as in a recipe. Anything else that a shell was meant to replace is not
    /// a path: a directory called ~name or $HOME would be made here.
    /// </summary>
    private static string HostPath(string text, string source, Func<string> workingDirectory, string? home)
    {
        if (home is not null && (source == "~" || source.StartsWith("~/", StringComparison.Ordinal)))
        {
            source = home + source[1..];
        }
        else if (source[0] is '~' or '$')
        {
            throw new TorchyardException(
                "TY4030",
                $"mount '{text}' has the source '{source}': the shell replaces "
                    + (
                        source[0] == '~'
                            ? "'~' only at the start of a word and outside of quotes"
                            : "variables only outside of single quotes"
                    )
                    + ", and it did not",
                source[0] == '~'
                    ? "write \"$HOME\" in its place; a directory that has this name is ./" + source
                    : "use double quotes; a directory that has this name is ./" + source
            )
            {
                IsUsage = true,
            };
        }

        var path = Path.GetFullPath(source, source.StartsWith('/') ? "/" : workingDirectory());
        return path.Length > 1 ? path.TrimEnd('/') : path;
    }

    private static string Target(string text, string target) =>
        target.StartsWith('/') && !target.Split('/').Contains("..") && target.Trim('/').Length > 0
            ? "/" + string.Join('/', target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."))
            : throw Wrong(
                text,
                target.Length == 0 ? "it names no path inside the container" : $"'{target}' is not an absolute path below /"
            );

    private static string VolumeName(string text, string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-') && !name.StartsWith('.') && name.Length <= 128
            ? name
            : throw Wrong(text, $"'{name}' is not the name of a volume (letters, digits, '_', '.', '-'); write ./{name} for a directory");

    private static int Octal(string text, string value)
    {
        try
        {
            return Convert.ToInt32(value, 8) is >= 0 and <= FileModes.Mask and var mode
                ? mode
                : throw Wrong(text, $"'{value}' is not a file mode");
        }
        catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
        {
            throw Wrong(text, $"'{value}' is not a file mode");
        }
    }

    private static TorchyardException Wrong(string text, string why) =>
        new(
            "TY4030",
            string.Create(CultureInfo.InvariantCulture, $"mount '{text}' cannot be read: {why}"),
            "write -v SOURCE:TARGET[:ro], or --mount type=bind,source=DIR,target=DIR[,readonly]"
        )
        {
            IsUsage = true,
        };
}
