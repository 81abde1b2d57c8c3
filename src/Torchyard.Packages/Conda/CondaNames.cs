using System.Text;

namespace Torchyard.Packages.Conda;

/// <summary>What a conda package is elsewhere.</summary>
public enum CondaKind
{
    /// <summary>A Python package.</summary>
    Python,

    /// <summary>Packages of Debian.</summary>
    Debian,

    /// <summary>The interpreter.</summary>
    Interpreter,

    /// <summary>The CUDA release that PyTorch is built for.</summary>
    Cuda,

    /// <summary>PyTorch without CUDA.</summary>
    CpuOnly,

    /// <summary>Nothing has to be done for it.</summary>
    NotNeeded,

    /// <summary>It cannot be had.</summary>
    Unknown,
}

/// <summary>What becomes of a conda package.</summary>
/// <param name="Kind">Where it is.</param>
/// <param name="Names">Its names there.</param>
/// <param name="Note">What is to be said about it, or null.</param>
/// <param name="IsListed">False where the name is not in the table, and is taken to be the same on Python's index.</param>
public sealed record CondaName(CondaKind Kind, IReadOnlyList<string> Names, string? Note, bool IsListed);

/// <summary>Names of conda packages whose Debian or Python packages are called otherwise: <c>conda-names.tsv</c>.</summary>
public static class CondaNames
{
    private static readonly Lazy<IReadOnlyDictionary<string, CondaName>> Table = new(Read);

    /// <summary>Looks a package up.</summary>
    /// <param name="name">Its name, in lower case.</param>
    public static CondaName Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Table.Value.TryGetValue(name, out var known))
        {
            return known;
        }

        return name.StartsWith("r-", StringComparison.Ordinal)
                ? new CondaName(CondaKind.Unknown, [], "a package of R, which is not installed here", true)
            : name.StartsWith("lib", StringComparison.Ordinal) || name.StartsWith('_')
                ? new CondaName(
                    CondaKind.NotNeeded,
                    [],
                    "a library of other conda packages: wheels and Debian's packages bring their own",
                    true
                )
            : name.StartsWith("cuda-", StringComparison.Ordinal)
                ? new CondaName(CondaKind.NotNeeded, [], "a part of CUDA: PyTorch's wheels bring their own", true)
            : new CondaName(CondaKind.Python, [name], null, false);
    }

    private static Dictionary<string, CondaName> Read()
    {
        using var stream = typeof(CondaNames).Assembly.GetManifestResourceStream("names/conda.tsv")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var names = new Dictionary<string, CondaName>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var fields = line.Split('\t');
            var kind = fields[1] switch
            {
                "python" => CondaKind.Python,
                "debian" => CondaKind.Debian,
                "interpreter" => CondaKind.Interpreter,
                "cuda" => CondaKind.Cuda,
                "cpu" => CondaKind.CpuOnly,
                "none" => CondaKind.NotNeeded,
                _ => CondaKind.Unknown,
            };
            var note = fields.Length > 3 ? fields[3] : null;
            foreach (var name in fields[0].Split(' '))
            {
                var targets = fields[2] == "=" ? [name] : fields[2].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                names.Add(name, new CondaName(kind, targets, note, true));
            }
        }

        return names;
    }
}
