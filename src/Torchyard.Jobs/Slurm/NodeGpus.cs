using System.Globalization;
using System.Text.RegularExpressions;

namespace Torchyard.Jobs.Slurm;

/// <summary>GPUs of a node, or that a job asks of one.</summary>
/// <param name="Type">The type that the administrator gave them; empty for any.</param>
/// <param name="Number">How many.</param>
public sealed partial record NodeGpus(string Type, int Number)
{
    /// <summary>Those of a list of generic resources, such as <c>gpu:h100:4(S:0-1),shard:8</c>.</summary>
    public static IEnumerable<NodeGpus> Read(string gres)
    {
        ArgumentNullException.ThrowIfNull(gres);
        return Pattern()
            .Matches(gres)
            .Select(match => new NodeGpus(
                match.Groups["type"].Value,
                int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture)
            ));
    }

    /// <summary>What <c>--gpus-per-node</c> says; null when it says nothing that can be read.</summary>
    public static NodeGpus? Asked(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split(':');
        return
            parts.Length is 1 or 2
            && (parts.Length == 1 || parts[0].Length > 0)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new NodeGpus(parts.Length == 2 ? parts[0] : "", number)
            : null;
    }

    [GeneratedRegex(@"(?:\A|,)gpu(?::(?<type>[^:,()]*[^0-9:,()][^:,()]*))?:(?<number>[0-9]{1,6})", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
