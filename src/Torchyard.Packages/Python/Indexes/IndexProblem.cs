using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>The errors of talking to indexes.</summary>
internal static class IndexProblem
{
    public static TorchyardException Unreachable(Uri url, string why, Exception? inner = null) =>
        new(
            "TY2503",
            $"{Show(url)}: {why}",
            "check the network, the proxy (HTTPS_PROXY) and the index in the recipe or in pip's "
                + "settings; then repeat: what was fetched is kept",
            inner
        );

    public static TorchyardException Offline(Uri url) =>
        new(
            "TY2520",
            $"{Show(url)} is needed, and --offline forbids to ask for it",
            "run the command once without --offline: pages, METADATA and packages are then in the store"
        );

    public static TorchyardException Denied(Uri url, int status, bool hadCredential) =>
        new(
            "TY2504",
            $"{Show(url)} answers {status}: "
                + (hadCredential ? "the credential for it is refused" : "it needs a credential, and none is known"),
            $"put a line 'machine {url.Host} login USER password TOKEN' into ~/.netrc, or write the index as "
                + $"https://${{USER_VARIABLE}}:${{TOKEN_VARIABLE}}@{url.Host}/... in the recipe"
        );

    public static TorchyardException Insecure(Uri url, string why) =>
        new(
            "TY2505",
            $"{Show(url)}: {why}",
            $"use the index's https address; where the network is trusted, name '{url.Authority}' as trusted-host in pip.conf"
        );

    public static TorchyardException BadPage(Uri url, string why, Exception? inner = null) =>
        new(
            "TY2506",
            $"{Show(url)} is not a proper index page: {why}",
            "check that the address is the root of a Python package index (it often ends in /simple/)",
            inner
        );

    /// <summary>A URL for messages: without credential and query, which can hold a token.</summary>
    public static string Show(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}
