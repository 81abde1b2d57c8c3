namespace Torchyard.Registry.Documents;

/// <summary>What a registry said to a manifest that it took.</summary>
/// <param name="ListsSubject">It lists the manifest as attached to its subject (distribution-spec, "Pushing Manifests with
/// Subject").</param>
internal readonly record struct PutManifest(bool ListsSubject);
