using System.Reflection;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.Python;

/// <summary>
/// Small wheels with the names, versions, tags and requirements of real PyTorch stacks: the 197 distributions of an environment with
/// PyTorch 2.11 cu130, and torch 2.8 to 2.10 as far as their METADATA could be reconstructed. Wheels for CPython 3.12 are offered for
/// another CPython, that of the base system; nothing in their METADATA depends on it.
/// </summary>
internal static class StackWheels
{
    private static readonly Dictionary<string, string> Torchvision = new()
    {
        ["2.8.0"] = "0.23.0",
        ["2.9.1"] = "0.24.1",
        ["2.10.0"] = "0.25.0",
    };

    /// <summary>Name and version of each of the 197 distributions.</summary>
    public static IReadOnlyList<(string Name, string Version)> Environment211 { get; } =
    [.. Stanzas().Select(stanza => (Normal(One(stanza, "Name")!), One(stanza, "Version")!)).Order()];

    /// <summary>A few of them that bring all others.</summary>
    public static IReadOnlyList<string> Requested211 { get; } =
    [.. Stanzas().Where(stanza => One(stanza, "Requested") is not null).Select(stanza => Normal(One(stanza, "Name")!))];

    /// <summary>Release, build and pins of each reconstructed torch.</summary>
    public static IReadOnlyList<(string Torch, string Build, IReadOnlyList<string> Pins)> Reconstructed { get; } =
    [
        .. Read("torch-reconstructed.txt")
            .Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' '))
            .Select(words => (words[0], words[1], (IReadOnlyList<string>)words[2..])),
    ];

    /// <summary>What torch 2.8 to 2.10 require beside NVIDIA's libraries and Triton, with what these require.</summary>
    public static IReadOnlyList<string> TorchBase { get; } =
    ["filelock", "fsspec", "jinja2", "markupsafe", "mpmath", "networkx", "setuptools", "sympy", "typing-extensions"];

    /// <summary>
    /// All of them, on one index. The default builds are there as on PyPI, without a local version, and as on PyTorch's index.
    /// </summary>
    /// <param name="python">Tag of the CPython to be offered, e.g. <c>cp313</c>.</param>
    public static TestIndex Index(string python)
    {
        var index = new TestIndex();
        var basic = new List<string>();
        foreach (var stanza in Stanzas())
        {
            var (name, version) = (One(stanza, "Name")!, One(stanza, "Version")!);
            var tags = All(stanza, "Tag")
                .Where(tag => !tag.StartsWith("py2", StringComparison.Ordinal))
                .Select(tag => tag.Replace("cp312-cp312", $"{python}-{python}", StringComparison.Ordinal));
            Add(
                index,
                name,
                version,
                Tag(tags),
                All(stanza, "Requires-Dist"),
                One(stanza, "Requires-Python"),
                All(stanza, "Provides-Extra")
            );
            if (name == "torch")
            {
                basic =
                [
                    .. All(stanza, "Requires-Dist")
                        .Where(line =>
                            !line.StartsWith("cuda-", StringComparison.Ordinal)
                            && !line.StartsWith("nvidia-", StringComparison.Ordinal)
                            && !line.StartsWith("triton", StringComparison.Ordinal)
                            && !line.Contains("extra ==", StringComparison.Ordinal)
                        ),
                ];
            }
        }

        var platform = $"{python}-{python}-manylinux_2_28_x86_64";
        foreach (var pin in Reconstructed.SelectMany(row => row.Pins).Distinct())
        {
            var (name, version) = (pin.Split("==")[0], pin.Split("==")[1]);
            Add(
                index,
                name,
                version,
                name == "triton" ? $"{python}-{python}-manylinux_2_27_x86_64" : "py3-none-manylinux_2_27_x86_64",
                [],
                null,
                []
            );
        }

        foreach (var (torch, build, pins) in Reconstructed)
        {
            foreach (var local in build == "cu128" ? new[] { "", "+" + build } : ["+" + build])
            {
                Add(
                    index,
                    "torch",
                    torch + local,
                    platform,
                    [.. basic, .. pins.Select(pin => $"{pin}; platform_system == \"Linux\"")],
                    ">=3.9",
                    []
                );
                Add(
                    index,
                    "torchvision",
                    Torchvision[torch] + local,
                    platform,
                    [$"torch=={torch}", "numpy", "pillow!=8.3.*,>=5.3.0"],
                    ">=3.9",
                    []
                );
            }
        }

        return index;
    }

    private static void Add(
        TestIndex index,
        string name,
        string version,
        string tag,
        IEnumerable<string> requires,
        string? requiresPython,
        IEnumerable<string> extras
    )
    {
        var module = Normal(name).Replace('-', '_');
        var wheel = new TestWheel(name.Replace('.', '-'), version, tag) { RequiresPython = requiresPython };
        wheel.Requires.AddRange(requires);
        wheel.Extras.AddRange(extras);
        wheel.Add($"{module}/__init__.py", $"__version__ = '{version}'\n");
        index.Add(wheel, Normal(name));
    }

    // "py2-none-any" and "py3-none-any" are "py2.py3-none-any" in a file name.
    private static string Tag(IEnumerable<string> tags)
    {
        var parts = tags.Select(tag => tag.Split('-')).ToList();
        return string.Join(
            '-',
            Enumerable.Range(0, 3).Select(i => string.Join('.', parts.Select(part => part[i]).Distinct().Order(StringComparer.Ordinal)))
        );
    }

    private static IEnumerable<string[]> Stanzas() =>
        Read("pytorch-2.11-cu130.txt")
            .Split("\n\n")
            .Select(stanza => stanza.Split('\n').Where(line => line.Length > 0 && line[0] != '#').ToArray())
            .Where(stanza => stanza.Length > 0);

    private static IEnumerable<string> All(string[] stanza, string field) =>
        stanza.Where(line => line.StartsWith(field + ": ", StringComparison.Ordinal)).Select(line => line[(field.Length + 2)..]);

    private static string? One(string[] stanza, string field) => All(stanza, field).FirstOrDefault();

    private static string Normal(string name) =>
        string.Join('-', name.ToLowerInvariant().Split(['-', '_', '.'], StringSplitOptions.RemoveEmptyEntries));

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("stacks/" + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
