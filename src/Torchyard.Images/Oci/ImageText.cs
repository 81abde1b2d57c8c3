using System.Globalization;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Oci;

/// <summary>How dates and referrers are written in the documents of an image.</summary>
internal static class ImageText
{
    /// <summary>The tag under which clients look for referrers where there is no referrers API.</summary>
    internal static string ReferrersTag(Digest manifest) => "sha256-" + manifest.Hex;

    /// <summary>Label of an image with the digest of the one that it is built on (image-spec, annotations.md).</summary>
    internal const string BaseDigestLabel = "org.opencontainers.image.base.digest";

    /// <summary>Label of an image with the name of the one that it is built on.</summary>
    internal const string BaseNameLabel = "org.opencontainers.image.base.name";

    /// <summary>RFC 3339 in UTC.</summary>
    internal static string Timestamp(long seconds) =>
        DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
