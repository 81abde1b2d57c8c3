namespace Torchyard.Fit.Data;

/// <summary>
/// GPUs by the names that people write: ids and aliases of the models, product names and PCI ids of the device list, in any case and
/// with any of blank, <c>-</c>, <c>_</c> or nothing between the words.
/// </summary>
internal sealed class GpuNames
{
    private static readonly string[] Prefixes = ["nvidia-", "hgx-", "dgx-", "tesla-", "geforce-", "quadro-", "rtx-"];

    private readonly IReadOnlyList<GpuModel> _models;
    private readonly Dictionary<string, GpuModel> _modelKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PciDevice?> _deviceKeys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PciDevice> _ids;
    private readonly (string Key, PciDevice Device)[] _prefixes;

    public GpuNames(IReadOnlyList<GpuModel> models, IEnumerable<PciDevice> devices)
    {
        _models = models;
        foreach (var model in models)
        {
            foreach (var name in model.Aliases.Prepend(model.Id))
            {
                _modelKeys.TryAdd(Tight(name), model);
            }
        }

        var all = devices.ToArray();
        _ids = all.ToDictionary(device => device.Id, StringComparer.OrdinalIgnoreCase);
        foreach (var device in all)
        {
            // "A2 / A16" is two products with one id, "Quadro RTX 6000/8000" one that is written so.
            foreach (var name in device.Name.Split(" / ").Prepend(device.Name))
            {
                foreach (var key in Shorter(Words(name)))
                {
                    Add(Tight(key), device);
                }
            }
        }

        _prefixes = [.. all.Select(device => (Words(device.Name), device)).OrderByDescending(pair => pair.Item1.Length)];
    }

    /// <summary>The model of a name; null when it is none.</summary>
    public GpuModel? Model(string name)
    {
        var words = Words(name);
        return Shorter(words).Select(key => _modelKeys.GetValueOrDefault(Tight(key))).FirstOrDefault(model => model is not null)
            ?? Shorter(words).SelectMany(key => _models.Where(model => StartsWith(key, model))).MaxBy(model => model.Id.Length);
    }

    /// <summary>The device of a product name or of a PCI id such as <c>2330</c> or <c>10de:2330</c>; null when it is none.</summary>
    public PciDevice? Device(string name)
    {
        var text = name.Trim();
        foreach (var prefix in (string[])["10de:", "0x10de:", "pci:10de:", "0x"])
        {
            if (text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                text = text[prefix.Length..];
                break;
            }
        }

        if (_ids.TryGetValue(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, out var byId))
        {
            return byId;
        }

        // pci.ids writes GH100 [H100 SXM5 80GB].
        if (text.IndexOf('[', StringComparison.Ordinal) is >= 0 and var open && text.EndsWith(']'))
        {
            text = text[(open + 1)..^1];
        }

        var words = Words(text);
        return Shorter(words).Select(key => _deviceKeys.GetValueOrDefault(Tight(key))).FirstOrDefault(device => device is not null)
            ?? _prefixes.FirstOrDefault(pair => words.StartsWith(pair.Key + "-", StringComparison.Ordinal)).Device;
    }

    /// <summary>True when the name is that of a model or an alias exactly, however it is spelled.</summary>
    public bool IsModel(string name) => Shorter(Words(name)).Any(key => _modelKeys.ContainsKey(Tight(key)));

    // A shorter name that two kinds of GPU share means neither.
    private void Add(string key, PciDevice device)
    {
        if (
            _deviceKeys.TryGetValue(key, out var other)
            && (other is null || other.Capability != device.Capability || other.Class != device.Class)
        )
        {
            _deviceKeys[key] = null;
        }
        else
        {
            _deviceKeys.TryAdd(key, device);
        }
    }

    private static bool StartsWith(string key, GpuModel model) =>
        model.Aliases.Prepend(model.Id).Any(name => key.StartsWith(name + "-", StringComparison.Ordinal));

    /// <summary>The name, and what is left of it without the words that people leave out.</summary>
    private static IEnumerable<string> Shorter(string words)
    {
        yield return words;
        foreach (var prefix in Prefixes)
        {
            if (words.StartsWith(prefix, StringComparison.Ordinal))
            {
                words = words[prefix.Length..];
                yield return words;
            }
        }
    }

    private static string Words(string name) =>
        string.Join('-', name.ToLowerInvariant().Split([' ', '-', '_', '\t'], StringSplitOptions.RemoveEmptyEntries));

    private static string Tight(string words) => words.Replace("-", "", StringComparison.Ordinal);
}
