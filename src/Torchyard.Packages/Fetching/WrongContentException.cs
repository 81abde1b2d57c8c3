using Torchyard.Platform.Digests;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>An address gave other bytes than those that were asked for.</summary>
/// <param name="reason">In words.</param>
/// <param name="isTransient">True when bytes of two sources may have met.</param>
internal sealed class WrongContentException(string reason, bool isTransient) : HttpFailureException(reason, isTransient)
{
    /// <summary>The hash that the bytes have; null when they were too many to read.</summary>
    public Digest? Actual { get; init; }
}
