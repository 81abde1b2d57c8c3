using Torchyard.Platform.Digests;

namespace Torchyard.Registry.Documents;

/// <summary>A manifest or an index as a registry gave it.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Digest">Of them.</param>
/// <param name="MediaType">What it says it is itself, else what the registry says.</param>
internal sealed record FetchedManifest(byte[] Content, Digest Digest, string MediaType);
