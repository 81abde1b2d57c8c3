using System.Text;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Layers;

/// <summary>Names for results of a build: digests of everything that decides their bytes.</summary>
internal static class BuildKey
{
    /// <summary>Version of the rules by which layers are made; raised whenever the same packages would give other bytes.</summary>
    internal const int Format = 5;

    /// <summary>Digest of a kind and its parts.</summary>
    internal static Digest Of(string kind, IEnumerable<string> parts) =>
        Digest.Of(Encoding.UTF8.GetBytes($"torchyard {kind} {Format}\n{string.Join('\n', parts)}\n"));
}
