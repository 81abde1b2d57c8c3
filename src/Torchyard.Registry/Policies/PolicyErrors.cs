using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Policies;

/// <summary>What a site's policy refuses.</summary>
internal static class PolicyErrors
{
    internal const string Code = "TY6030";

    internal static TorchyardException BadFile(string path, string why, Exception? inner = null) =>
        new(
            Code,
            $"the policy {path} cannot be used, so nothing is allowed: {why}",
            "have the administrator of this machine correct it",
            inner
        );

    internal static TorchyardException NotAllowed(string path, string image) =>
        new(
            "TY6031",
            $"the policy {path} does not allow {RegistryErrors.Shown(image)}",
            "'torchyard policy' shows what it allows; its administrator adds others"
        );

    internal static TorchyardException NoDigest(string path, string image) =>
        new(
            "TY6031",
            $"the policy {path} wants a digest, and {RegistryErrors.Shown(image)} has none",
            $"write {RegistryErrors.Shown(image)}@sha256:DIGEST; 'torchyard images --digests' and the registry's page show it"
        );

    internal static TorchyardException NotLocal(string path, string image) =>
        new(
            "TY6031",
            $"the policy {path} allows images of registries alone, and '{RegistryErrors.Shown(image)}' is of this machine",
            "push it to a registry that the policy allows, and start it by that name"
        );

    internal static TorchyardException NotSigned(string image, string why) =>
        new(
            "TY6032",
            $"{RegistryErrors.Shown(image)} has no signature that the policy accepts: {why}",
            "have it signed: cosign sign --key KEY IMAGE@DIGEST; or pull it again, if it was signed after it came"
        );
}
