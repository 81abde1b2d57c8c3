using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Capturing;

/// <summary>What the user says about a capture.</summary>
internal sealed record CaptureArguments
{
    /// <summary>The environment, absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>Name and tag of the image; null for the directory's.</summary>
    public string? Name { get; init; }

    /// <summary>Path of the environment in the image; null for the same as here.</summary>
    public string? At { get; init; }

    /// <summary>Image to put it on; null for this machine's base system.</summary>
    public string? Base { get; init; }

    /// <summary>The only distributions, separated by commas.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Further distributions and paths.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Distributions and patterns that are left out.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Further packages of this machine.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Compile Python modules.</summary>
    public bool Bytecode { get; init; } = true;

    /// <summary>Start the finished image's interpreter to see what it can import.</summary>
    public bool Trial { get; init; } = true;

    /// <summary>Compression of the layers.</summary>
    public LayerCompression Compression { get; init; }

    /// <summary>Its level; null for the default.</summary>
    public int? Level { get; init; }

    /// <summary>Environment variables of the image, <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary>Labels of the image, <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
