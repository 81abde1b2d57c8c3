using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Watching;

/// <summary>What the parts of a mirror hold to.</summary>
internal sealed record MirrorSettings
{
    /// <summary>What whoever started it wants.</summary>
    public required MirrorOptions Options { get; init; }

    /// <summary>Says a line to whoever runs it.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>For how long a tag of an upstream is believed.</summary>
    public TimeSpan TagAge => Options.TagAge;

    /// <summary>What is not needed is removed as time passes.</summary>
    public bool Collects { get; init; } = true;

    /// <summary>Most bytes of one blob.</summary>
    public long LargestBlob { get; init; } = 256L << 30;
}
