using System.Globalization;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Requests;

/// <summary>
/// What a program is started with, as the user names it: refused here when the kernel would refuse it, or files inside would be broken by
/// it.
/// </summary>
public static class ProcessSyntax
{
    /// <summary>HOST_NAME_MAX of Linux (gethostname(2)).</summary>
    private const int LongestHostName = 64;

    /// <summary>A host name; null and an empty one are the default.</summary>
    /// <exception cref="TorchyardException">TY4066: it cannot be one.</exception>
    public static string? HostName(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // It stands in /etc/hosts, where blanks and '#' have a meaning.
        var problem =
            text.Length > LongestHostName
                ? string.Create(CultureInfo.InvariantCulture, $"has {text.Length} letters, and a host name at most {LongestHostName}")
            : text.FirstOrDefault(c => c is <= ' ' or > '~' or '#' or '/' or '\\') is var odd and not '\0' ? $"has '{odd}' in it"
            : text.Contains('\0', StringComparison.Ordinal) ? "has a zero byte in it"
            : null;
        return problem is null
            ? text
            : throw new TorchyardException("TY4066", $"--hostname '{text}' {problem}", "use letters, digits, '-' and '.'")
            {
                IsUsage = true,
            };
    }

    /// <summary>A working directory inside; null and an empty one are the default.</summary>
    /// <exception cref="TorchyardException">TY4067: it is not an absolute path.</exception>
    public static string? Directory(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : text.StartsWith('/') ? text
        : throw new TorchyardException(
            "TY4067",
            $"--workdir '{text}' is not an absolute path",
            $"write /{text.TrimStart('.', '/')}, or where in the container it is"
        )
        {
            IsUsage = true,
        };

    /// <summary>A user; null and an empty one are the default.</summary>
    /// <exception cref="TorchyardException">TY4033: there is no name before the colon.</exception>
    public static string? User(string? text) =>
        string.IsNullOrEmpty(text) ? null
        : text[0] != ':' ? text
        : throw new TorchyardException(
            "TY4033",
            $"--user '{text}' names no user",
            "write USER or USER:GROUP, 0 for root; $UID and $GID are not set in every shell: $(id -u):$(id -g)"
        )
        {
            IsUsage = true,
        };
}
