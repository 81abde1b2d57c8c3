using System.Globalization;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Requests;

/// <summary>Reads limits as docker writes them: <c>nofile=1024:2048</c>, <c>memlock=-1</c>.</summary>
public static class UlimitSyntax
{
    /// <summary>Names of setrlimit(2) without the prefix.</summary>
    internal static IReadOnlyList<string> Names { get; } =
    [
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];

    /// <summary>Reads one value of <c>--ulimit</c>.</summary>
    /// <exception cref="TorchyardException">TY4032: it cannot be read.</exception>
    public static Ulimit Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? text : text[..equals];
        var values = equals < 0 ? [] : text[(equals + 1)..].Split(':');
        if (!Names.Contains(name) || values.Length is not (1 or 2))
        {
            throw Wrong(text);
        }

        var soft = Value(text, values[0]);
        var hard = values.Length == 2 ? Value(text, values[1]) : soft;
        return (soft ?? ulong.MaxValue) <= (hard ?? ulong.MaxValue) ? new Ulimit(name, soft, hard) : throw Wrong(text);
    }

    private static ulong? Value(string text, string value) =>
        value is "-1" or "unlimited" ? null
        : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Wrong(text);

    private static TorchyardException Wrong(string text) =>
        new(
            "TY4032",
            $"limit '{text}' cannot be read",
            $"write --ulimit NAME=SOFT[:HARD], -1 for unlimited; names: {string.Join(", ", Names)}"
        )
        {
            IsUsage = true,
        };
}
