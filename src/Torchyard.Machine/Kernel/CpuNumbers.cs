using System.Globalization;
using Torchyard.Platform.Errors;

namespace Torchyard.Machine.Kernel;

/// <summary>CPU numbers as <c>0-3,8</c> (cpuset(7), "List format", without strides, which only newer kernels read).</summary>
public static class CpuNumbers
{
    private const string Online = "/sys/devices/system/cpu/online";
    private const int Most = 1 << 16;

    /// <summary>Reads a list; null when it is none.</summary>
    public static SortedSet<int>? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new SortedSet<int>();
        foreach (var range in text.Split(','))
        {
            var ends = range.Split('-');
            if (
                ends.Length > 2
                || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || first > last
                || last > Most
            )
            {
                return null;
            }

            result.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return result;
    }

    /// <summary>The shortest list of numbers.</summary>
    public static string Text(IEnumerable<int> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var ranges = new List<(int First, int Last)>();
        foreach (var number in numbers)
        {
            if (ranges is [.., var last] && last.Last == number - 1)
            {
                ranges[^1] = (last.First, number);
            }
            else
            {
                ranges.Add((number, number));
            }
        }

        return string.Join(
            ',',
            ranges.Select(range =>
                range.First == range.Last
                    ? range.First.ToString(CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{range.First}-{range.Last}")
            )
        );
    }

    /// <summary>Refuses CPUs that this machine does not have.</summary>
    /// <param name="option">The option, for the message.</param>
    /// <param name="text">What the user wrote.</param>
    /// <exception cref="TorchyardException">TY4063: it is not a list, or names CPUs that are not there.</exception>
    public static string Require(string option, string text) => Require(option, text, TryParse(File.ReadAllText(Online).Trim()) ?? []);

    internal static string Require(string option, string text, IReadOnlySet<int> available)
    {
        var asked = TryParse(text)
            ?? throw new TorchyardException("TY4063", $"{option} '{text}' cannot be used", "write numbers and ranges, e.g. 0-3,8")
            {
                IsUsage = true,
            };
        // Where the kernel does not tell, it decides itself.
        return available.Count == 0 || asked.IsSubsetOf(available)
            ? text
            : throw new TorchyardException(
                "TY4063",
                $"{option} '{text}' cannot be used: CPUs {Text(asked.Except(available))} are not available, available: {Text(available)}",
                $"name some of {Text(available)}"
            )
            {
                IsUsage = true,
            };
    }
}
