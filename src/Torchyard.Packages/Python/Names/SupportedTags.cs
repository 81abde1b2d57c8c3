namespace Torchyard.Packages.Python.Names;

/// <summary>The interpreter that wheels must fit.</summary>
/// <param name="Minor">Minor version of CPython 3, e.g. 13.</param>
/// <param name="GlibcMinor">Minor version of glibc 2, e.g. 41.</param>
/// <param name="Machine"><c>platform.machine()</c>, e.g. <c>x86_64</c>.</param>
public sealed record InterpreterTarget(int Minor, int GlibcMinor, string Machine = "x86_64");

/// <summary>
/// The wheel tags that an interpreter takes, best first, in the order of the <c>packaging</c> library that pip uses
/// (packaging.python.org, "Platform compatibility tags"; PEP 600 for manylinux).
/// </summary>
internal sealed class SupportedTags
{
    private readonly Dictionary<WheelTag, int> _ranks = [];

    /// <summary>Lists the tags of a target.</summary>
    public SupportedTags(InterpreterTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var platforms = Platforms(target).ToList();
        void Add(string python, string abi, IEnumerable<string> on)
        {
            foreach (var platform in on)
            {
                _ranks.TryAdd(new WheelTag(python, abi, platform), _ranks.Count);
            }
        }

        var own = $"cp3{target.Minor}";
        Add(own, own, platforms);
        Add(own, "abi3", platforms);
        Add(own, "none", platforms);
        for (var minor = target.Minor - 1; minor >= 2; minor--)
        {
            Add($"cp3{minor}", "abi3", platforms);
        }

        var generic = new List<string> { $"py3{target.Minor}", "py3" };
        for (var minor = target.Minor - 1; minor >= 0; minor--)
        {
            generic.Add($"py3{minor}");
        }

        foreach (var python in generic)
        {
            Add(python, "none", platforms);
        }

        Add(own, "none", ["any"]);
        foreach (var python in generic)
        {
            Add(python, "none", ["any"]);
        }
    }

    /// <summary>Rank of a wheel's best tag, 0 the best; null when the interpreter does not take it.</summary>
    public int? Rank(WheelFileName wheel)
    {
        ArgumentNullException.ThrowIfNull(wheel);
        int? best = null;
        foreach (var tag in wheel.Tags)
        {
            if (_ranks.TryGetValue(tag, out var rank) && (best is null || rank < best))
            {
                best = rank;
            }
        }

        return best;
    }

    private static IEnumerable<string> Platforms(InterpreterTarget target)
    {
        // manylinux began with glibc 2.5 on x86 and with 2.17 elsewhere.
        var oldest = target.Machine is "x86_64" or "i686" ? 5 : 17;
        for (var minor = target.GlibcMinor; minor >= oldest; minor--)
        {
            yield return $"manylinux_2_{minor}_{target.Machine}";
            if (minor is 17 or 12 or 5)
            {
                yield return $"{minor switch { 17 => "manylinux2014", 12 => "manylinux2010", _ => "manylinux1" }}_{target.Machine}";
            }
        }

        yield return $"linux_{target.Machine}";
    }
}
