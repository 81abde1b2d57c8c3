using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Copying;

/// <summary>What a copy may fail of beside registries.</summary>
internal static class CopyErrors
{
    internal static TorchyardException BadPlace(string text) =>
        new(
            "TY6020",
            $"'{RegistryErrors.Shown(text)}' is not a place that images are copied from or to",
            "write REGISTRY/NAME:TAG, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME:TAG], docker-daemon:NAME:TAG, "
                + "containers-storage:NAME:TAG or store:NAME"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException NotThere(string place, string why, string cure) =>
        new("TY6021", $"there is no image in {RegistryErrors.Shown(place)}: {why}", cure);

    internal static TorchyardException Damaged(string place, string why, Exception? inner = null) =>
        new(
            "TY6022",
            $"{RegistryErrors.Shown(place)} is damaged: {why}",
            "make it again where it came from: nothing of it got a name in the target",
            inner
        );

    internal static TorchyardException Cannot(string what, string why, string cure) => new("TY6023", $"{what}: {why}", cure);
}
