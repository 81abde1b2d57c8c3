using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>What to say when no mirror of an archive gave a file.</summary>
internal static class ArchiveRefusal
{
    /// <summary>The error for all that was tried.</summary>
    /// <returns>TY2050: no source has it; TY2051: all sources have other bytes.</returns>
    public static TorchyardException Of(VerifiedDownload download, IReadOnlyList<(Uri Source, HttpFailureException Failure)> failures)
    {
        var list = string.Join("; ", failures.Select(failure => $"{Shown(failure.Source)}: {failure.Failure.Message}"));
        var wrong = failures.Any(failure => failure.Failure is WrongContentException);
        return wrong
            ? new TorchyardException(
                "TY2051",
                $"{download.Label} is not what the lock says at any source: {list}",
                "run torchyard lock again if the archive changed; if it did not, a mirror or proxy alters files",
                failures[^1].Failure
            )
            : new TorchyardException(
                PackageCodes.NotFetched,
                $"{download.Label} cannot be fetched: {(list.Length == 0 ? "no source is known" : list)}",
                "check the network and the proxy, name another mirror in base.mirrors, or lock again",
                failures.Count > 0 ? failures[^1].Failure : null
            );
    }

    // Never a password into an error.
    private static string Shown(Uri address) =>
        address.UserInfo.Length == 0
            ? address.AbsoluteUri
            : new UriBuilder(address) { UserName = "", Password = "" }
                .Uri
                .AbsoluteUri;
}
