using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Registry.Errors;

/// <summary>The failures that the registry client expects; each has a row in docs/errors/registry.md.</summary>
internal static class RegistryErrors
{
    private const int LongestShown = 200;

    internal static TorchyardException BadReference(string text, string why) =>
        new(
            "TY6001",
            $"'{Shown(text)}' is not the name of an image in a registry: {why}",
            "write REGISTRY/NAME:TAG in lower case, e.g. ghcr.io/team/train:1.0; without a registry it is Docker Hub's"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException BadHost(string text) =>
        new(
            "TY6001",
            $"'{Shown(text)}' is not the name of a registry",
            "write its host, and a port where it has one: ghcr.io, localhost:5000"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException Unreachable(string registry, string why, Exception inner) =>
        new(
            RegistryCodes.Unreachable,
            $"{registry} cannot be reached: {why}",
            "check the name, the network and the proxy (HTTPS_PROXY, NO_PROXY); an authority of your own goes into "
                + $"/etc/docker/certs.d/{registry}/ca.crt",
            inner
        );

    internal static TorchyardException Denied(string registry, string what, string reason, string? user) =>
        new(
            RegistryCodes.Denied,
            $"{registry} refuses {what}: {reason}"
                + (user is null ? "; it was asked without a login" : $"; it was asked as '{Shown(user)}'"),
            user is null
                ? $"run 'torchyard login {registry}', or correct the name: registries answer so for names that they do not have, too"
                : $"check that '{Shown(user)}' may do this, or run 'torchyard login {registry}' as somebody else"
        );

    internal static TorchyardException NotFound(string registry, string what) =>
        new(RegistryCodes.NotFound, $"{registry} does not have {what}", "check the name and the tag on the registry's own page");

    internal static TorchyardException TooOften(string registry, string what, TimeSpan? wait) =>
        new(
            RegistryCodes.TooOften,
            $"{registry} refuses {what}: too many requests"
                + (
                    wait is { } time
                        ? string.Create(CultureInfo.InvariantCulture, $"; it asks to wait {Math.Ceiling(time.TotalSeconds):0} s")
                        : ""
                ),
            "wait, or log in: registries give more to users that they know"
        );

    internal static TorchyardException Failed(string registry, string what, string why, Exception? inner = null) =>
        new(
            RegistryCodes.Failed,
            $"{registry} does not manage {what}: {why}",
            "run the command again, which goes on from what is there; if it stays so, ask whoever runs the registry",
            inner
        );

    internal static TorchyardException NotARegistry(string registry, string what, string why) =>
        new(
            "TY6007",
            $"the answer of {registry} to {what} is not a registry's: {why}",
            "check the name of the registry; a proxy or a page for logins may stand before it"
        );

    internal static TorchyardException WrongContent(string registry, string what, string why) =>
        new(
            RegistryCodes.WrongContent,
            $"{registry} gives {what} with other content than its digest says: {why}",
            "run the command again; if it stays so, the registry or a proxy before it is damaged: nothing of it was kept"
        );

    internal static TorchyardException Unsupported(string what, string why, string cure) => new("TY6009", $"{what} {why}", cure);

    internal static TorchyardException NoPlatform(string image, string platform, IReadOnlyList<string> there) =>
        new(
            "TY6010",
            $"{image} is not there for {platform}" + (there.Count > 0 ? $", but for {string.Join(", ", there.Take(20))}" : ""),
            "name one of those with --platform, or another tag"
        );

    internal static TorchyardException BadRealm(string registry, string realm, string why) =>
        new(
            "TY6011",
            $"{registry} sends logins to {Shown(realm)}, {why}: nothing was sent there",
            "do not use this registry unless whoever runs it explains that address"
        );

    internal static TorchyardException BadAuthFile(string file, string why) =>
        new("TY6012", $"the file of logins {file} cannot be used: {why}", "correct it, or move it away and log in again");

    internal static TorchyardException HelperFailed(string helper, string registry, string why, string file, Exception? inner = null) =>
        new(
            "TY6012",
            $"{helper}, which {file} names for logins of {registry}, fails: {why}",
            $"install or repair it, or take it out of {file}",
            inner
        );

    internal static TorchyardException PlainHttp(string registry, Exception inner) =>
        new(
            "TY6013",
            $"{registry} does not speak TLS",
            "add --plain-http if its network is trusted: images and logins go through it readable",
            inner
        );

    internal static TorchyardException BadAuthority(string file, string why) =>
        new("TY6014", $"the certificate {file} cannot be read: {why}", "put a certificate in PEM form there, or remove the file");

    internal static TorchyardException OpenMirror(string listen) =>
        new(
            "TY6040",
            $"at {listen} other machines would reach the mirror without TLS: images and tokens go through the network readable",
            "add --cert FILE --key FILE, or --insecure if the network is trusted; 127.0.0.1 needs neither"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException HalfCertificate(string missing) =>
        new("TY6040", $"{missing} is missing", "give both --cert FILE and --key FILE, in PEM form") { IsUsage = true };

    internal static TorchyardException NoTokens(string file) =>
        new(
            "TY6041",
            $"nobody could use the mirror: {file} has no token",
            "run 'torchyard mirror token add NAME', or add --anonymous read to let everybody pull"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException BadTokens(string file, string why) =>
        new("TY6042", $"the tokens in {file} cannot be read: it {why}", "restore the file, or remove it and make new tokens");

    internal static TorchyardException BadTokenName(string name, string why) =>
        new("TY6043", $"there can be no such change of the token '{Shown(name)}': {why}", "see 'torchyard mirror token list'")
        {
            IsUsage = true,
        };

    internal static TorchyardException BadJoin(string file, string why) =>
        new("TY6045", $"the mirror in {file} cannot be read: it {why}", "run 'torchyard mirror join HOST' again, or remove the file");

    /// <summary>Text of a registry in a sentence of ours.</summary>
    internal static string Shown(string text) => VisibleText.Of(text.Length > LongestShown ? text[..LongestShown] + "…" : text);
}
