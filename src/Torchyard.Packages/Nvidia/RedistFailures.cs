using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Nvidia;

/// <summary>What an index and its mirrors could not give, while one thing is looked for.</summary>
internal sealed class RedistFailures
{
    private readonly List<string> _unreachable = [];
    private readonly List<string> _useless = [];
    private readonly HashSet<Uri> _silent = [];

    /// <summary>True when nobody answers at an address, so that it need not be asked again.</summary>
    public bool IsSilent(Uri root) => _silent.Contains(root);

    /// <summary>A manifest could not be had.</summary>
    /// <param name="root">Index or mirror.</param>
    /// <param name="what">Address and reason.</param>
    /// <param name="isSilent">Nobody answers there.</param>
    public void Unreachable(Uri root, string what, bool isSilent)
    {
        _unreachable.Add(what);
        if (isSilent)
        {
            _silent.Add(root);
        }
    }

    /// <summary>A manifest has not what is looked for.</summary>
    /// <param name="address">The manifest.</param>
    /// <param name="problem">Why.</param>
    public void Useless(Uri address, string problem) => _useless.Add($"{RedistIndex.Shown(address)}: {problem}");

    /// <summary>The failure for the user: TY2061 when manifests were read, else TY2060.</summary>
    /// <param name="place">The index.</param>
    /// <param name="wanted">What no manifest has.</param>
    /// <param name="needed">Why the index is needed, as a sentence up to "and NVIDIA's index cannot be reached for it".</param>
    /// <param name="file">The archive's file, as the recipe may name it.</param>
    /// <param name="url">The archive's address, if it is known.</param>
    public TorchyardException ToException(RedistPlace place, string wanted, string needed, string file, string? url) =>
        _useless.Count > 0
            ? new TorchyardException(
                "TY2061",
                $"no manifest has {wanted}: {string.Join("; ", _useless)}",
                $"name another mirror of {place.Index} in {place.Table}.mirrors or {place.MirrorVariable}, or the archive: "
                    + $"{place.ArchiveCure(file)}"
            )
            : new TorchyardException(
                "TY2060",
                $"{needed}, and NVIDIA's index cannot be reached for it: {string.Join("; ", _unreachable)}",
                place.Cures(file, url)
            );
}
