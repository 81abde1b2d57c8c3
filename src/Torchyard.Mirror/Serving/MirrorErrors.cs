using Torchyard.Platform.Errors;

namespace Torchyard.Mirror.Serving;

/// <summary>Why a mirror cannot serve; each has a row in docs/errors/registry.md.</summary>
internal static class MirrorErrors
{
    internal static TorchyardException Busy(string root) =>
        new(
            "TY6044",
            $"another mirror uses {root}",
            "stop it ('torchyard mirror status'), or give this one a directory of its own with --root"
        );

    internal static TorchyardException CannotListen(string address, Exception inner) =>
        new("TY6044", $"the mirror cannot listen at {address}: {inner.Message}", "choose another address or port with --listen", inner);

    internal static TorchyardException BadCertificate(string file, string why) =>
        new(
            "TY6044",
            $"the certificate {file} and its key cannot be used: {why}",
            "give both in PEM form, the server's own certificate first"
        );
}
