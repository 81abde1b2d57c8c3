using Torchyard.Registry.References;

namespace Torchyard.Registry.Copying;

/// <summary>What is copied.</summary>
public sealed record CopyRequest
{
    /// <summary>From where.</summary>
    public required CopyPlace From { get; init; }

    /// <summary>To where.</summary>
    public required CopyPlace To { get; init; }

    /// <summary>For which machine, where there are several.</summary>
    public required ImagePlatform Platform { get; init; }

    /// <summary>All machines' images, and the index that names them.</summary>
    public bool All { get; init; }

    /// <summary>What is attached to them as well: signatures, bills of materials.</summary>
    public bool Referrers { get; init; }
}
