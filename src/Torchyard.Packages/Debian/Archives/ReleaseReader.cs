using System.Net;
using Torchyard.Packages.Debian.Signing;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>Fetches and verifies the Release file of a suite: signature, dates, name.</summary>
/// <param name="transport">HTTP.</param>
/// <param name="clock">The machine's clock.</param>
/// <param name="progress">Told what is not as it should be.</param>
/// <param name="kept">Files of earlier reads; null for none.</param>
internal sealed class ReleaseReader(Transport transport, TimeProvider clock, IProgressSink progress, ReleaseStore? kept = null)
{
    // Debian's largest InRelease is 200 KB.
    private const int MostBytes = 8 << 20;

    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(10);

    /// <summary>Gets the Release file from the first mirror that has a good one.</summary>
    /// <returns>The file, and the mirrors with that one first.</returns>
    /// <exception cref="TorchyardException">TY2020 to TY2028: what the last mirror got wrong; TY2031: no mirror answers.</exception>
    public async Task<(ReleaseFile Release, IReadOnlyList<Uri> Mirrors)> ReadAsync(DebianArchive archive, CancellationToken cancellation)
    {
        var failures = new List<string>();
        var isMissing = true;
        TorchyardException? refusal = null;
        foreach (var mirror in archive.Mirrors)
        {
            try
            {
                var release = await ReadFromAsync(archive, mirror, cancellation);
                if (refusal is not null)
                {
                    progress.Warn($"{refusal.Message}; {mirror} is used instead");
                }

                return (release, [mirror, .. archive.Mirrors.Where(other => other != mirror)]);
            }
            catch (HttpFailureException failure)
            {
                failures.Add($"{mirror}: {failure.Message}");
                isMissing &= failure.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
            }
            catch (TorchyardException error)
            {
                refusal ??= error;
            }
        }

        if (refusal is null && archive.Further is { } further)
        {
            throw new TorchyardException(
                "TY2031",
                isMissing
                    ? $"the archive {archive.CanonicalUri} has no suite {archive.Suite}: there is neither InRelease nor Release"
                    : $"the archive {archive.Id} cannot be read: {string.Join("; ", failures)}",
                isMissing
                    ? "write suite as in apt's sources of that archive; of a flat archive, without 'dists', the directory, such as \"./\""
                    : "check the URL, the network, the login and the proxy (http_proxy, apt's Acquire::http::Proxy)"
            )
            {
                Location = isMissing ? further.Place("suite") : null,
            };
        }

        throw refusal
            ?? new TorchyardException(
                "TY2031",
                $"the suite {archive.Suite} cannot be read from any mirror: {string.Join("; ", failures)}",
                "check the name of the suite, the network and the proxy (http_proxy, apt's "
                    + "Acquire::http::Proxy), or name a mirror in base.mirrors"
            );
    }

    /// <summary>
    /// A Release file that was read before: that of a hash, as a lock names it, else the last one of the suite. Its signature is checked,
    /// its dates are not: they were right then. Null when there is none.
    /// </summary>
    public ReleaseFile? FindKept(DebianArchive archive, Digest? digest)
    {
        var content = digest is { } known ? kept?.Find(known) : kept?.FindLast(archive);
        if (content is null)
        {
            return null;
        }

        var signature = kept!.FindSignature(Digest.Of(content));
        var source = $"the stored {(signature is null ? "InRelease" : "Release")} of {archive.Suite}";
        var undated = archive with { CheckDate = false };
        var release = signature is null ? Verify(undated, content, source) : Verify(undated, content, signature, source);
        CheckName(archive, release, source);
        return release;
    }

    private async Task<ReleaseFile> ReadFromAsync(DebianArchive archive, Uri mirror, CancellationToken cancellation)
    {
        var place = archive.Directory.Length == 0 ? mirror : PackageAddress.Of(mirror, archive.Directory);
        ReleaseFile release;
        string source;
        byte[] signed;
        byte[]? beside = null;
        try
        {
            var address = UrlText.At(place, "InRelease");
            source = address.AbsoluteUri;
            signed = await transport.GetSmallAsync(address, MostBytes, cancellation);
            release = Verify(archive, signed, source);
        }
        catch (HttpFailureException failure) when (failure.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            source = UrlText.At(place, "Release").AbsoluteUri;
            signed = await transport.GetSmallAsync(UrlText.At(place, "Release"), MostBytes, cancellation);
            beside = await transport.GetSmallAsync(UrlText.At(place, "Release.gpg"), MostBytes, cancellation);
            release = Verify(archive, signed, beside, source);
        }

        CheckName(archive, release, source);
        CheckDates(archive, release, source);
        kept?.Add(archive, signed, beside);
        return release;
    }

    private ReleaseFile Verify(DebianArchive archive, byte[] bytes, string source)
    {
        var signed = ClearSignedText.Read(bytes, source);
        var key = Check(archive).Check(signed.SignedBytes, signed.Signature, source);
        return ReleaseFile.Read(signed.Text, Digest.Of(bytes), source, key.PrimaryFingerprint);
    }

    private ReleaseFile Verify(DebianArchive archive, byte[] bytes, byte[] signature, string source)
    {
        var key = Check(archive).Check(bytes, signature, source);
        return ReleaseFile.Read(bytes, Digest.Of(bytes), source, key.PrimaryFingerprint);
    }

    private SignatureCheck Check(DebianArchive archive) =>
        new(
            archive.Keys,
            archive.CheckDate ? clock.GetUtcNow().UtcDateTime : DateTime.MaxValue.AddDays(-1),
            archive.IsSnapshot || !archive.CheckDate
        );

    private static void CheckName(DebianArchive archive, ReleaseFile release, string source)
    {
        // A flat archive has a directory and no suite, and whatever name it likes.
        if (archive.Further is { Settings.IsFlat: true })
        {
            return;
        }

        if (release["Suite"] != archive.Suite && release["Codename"] != archive.Suite)
        {
            throw new TorchyardException(
                "TY2027",
                $"{source} describes the suite {release["Suite"]} ({release["Codename"]}), not {archive.Suite}",
                archive.Further is null
                    ? "use another mirror; this one mixes up its suites, or someone serves an older release in the name of this one"
                    : $"write suite = \"{release["Codename"] ?? release["Suite"]}\" if that is what you mean; else ask those who run the "
                        + "archive: it mixes up its suites, or someone serves one in the name of another"
            )
            {
                Location = archive.Further?.Place("suite"),
            };
        }
    }

    private void CheckDates(DebianArchive archive, ReleaseFile release, string source)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (archive.CheckDate && release.Date > now + MostAhead)
        {
            throw new TorchyardException(
                "TY2025",
                $"{source} is dated {release.Date:u}, which is in the future: this machine's clock says {now:u}",
                "set the clock (timedatectl set-ntp true, or date -s), then try again"
            );
        }

        if (archive.CheckDate && archive.CheckValidUntil && release.ValidUntil is { } until && until < now)
        {
            throw new TorchyardException(
                "TY2025",
                $"{source} was valid until {until:u} and this machine's clock says {now:u}: "
                    + "the mirror is out of date, or the clock is wrong",
                archive.Further is not null
                    ? "set the clock, or ask those who run the archive to sign it again; for one that is frozen on purpose, "
                        + "set Acquire::Check-Valid-Until \"false\" in apt.conf"
                    : "use another mirror or set the clock; for an archive that is frozen on purpose, "
                        + "set Acquire::Check-Valid-Until \"false\" in apt.conf or base.snapshot in the recipe"
            );
        }
    }
}
