namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// Who needs whom inside one lock. The resolver has already made sure that versions fit, so names alone decide here; of alternatives, every
/// one that the lock has counts.
/// </summary>
internal sealed class PackageRelations
{
    private static readonly System.Buffers.SearchValues<char> NameEnds = System.Buffers.SearchValues.Create(" (:[\n\t");

    private readonly Dictionary<string, List<string>> _needs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _providers = new(StringComparer.Ordinal);

    /// <param name="controls">Control paragraphs of all packages of the lock, in name order.</param>
    public PackageRelations(IEnumerable<ControlParagraph> controls)
    {
        foreach (var control in controls)
        {
            var name = control["Package"]!;
            AddProvider(name, name);
            foreach (var provided in Names(control["Provides"]))
            {
                AddProvider(provided, name);
            }

            _needs[name] = [.. Names(control["Pre-Depends"]), .. Names(control["Depends"])];
        }
    }

    /// <summary>Adds a package and all that it needs to a set; names that the lock does not have are passed over.</summary>
    public void AddClosure(string package, ISet<string> members)
    {
        var open = new Stack<string>(_providers.GetValueOrDefault(package) ?? []);
        while (open.TryPop(out var name))
        {
            if (!members.Add(name))
            {
                continue;
            }

            foreach (var need in _needs[name])
            {
                foreach (var provider in _providers.GetValueOrDefault(need) ?? [])
                {
                    open.Push(provider);
                }
            }
        }
    }

    /// <summary>Package names of a relationship field (deb-control(5)), without versions, architectures and alternatives' order.</summary>
    internal static IEnumerable<string> Names(string? field)
    {
        foreach (var part in (field ?? "").Split([',', '|'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var end = part.AsSpan().IndexOfAny(NameEnds);
            yield return end < 0 ? part : part[..end];
        }
    }

    private void AddProvider(string name, string provider)
    {
        if (!_providers.TryGetValue(name, out var providers))
        {
            _providers[name] = providers = [];
        }

        providers.Add(provider);
    }
}
