using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Python;

/// <summary>A layer of wheels that is to be made.</summary>
/// <param name="Wheels">Its wheels.</param>
/// <param name="LeftOut">Paths (distribution, path) of files that another distribution's file replaces; none of a distribution outside of
/// the layer.</param>
internal sealed record WheelLayerWork(IReadOnlyList<PlannedWheel> Wheels, IReadOnlySet<(string Name, string Path)> LeftOut)
{
    /// <summary>Bytes that it installs.</summary>
    public long Size => Wheels.Sum(wheel => wheel.Plan.Size);

    /// <summary>Bytes of its wheels.</summary>
    public long Packed => Wheels.Sum(wheel => wheel.Package.Size);

    /// <summary>Its line of history.</summary>
    public string History => "python " + string.Join(' ', Wheels.Select(wheel => $"{wheel.Package.Name}=={wheel.Package.Version}"));

    /// <summary>The work of a group.</summary>
    /// <param name="wheels">The group.</param>
    /// <param name="leftOut">Files of whatever distributions that others' files replace.</param>
    public static WheelLayerWork Of(IReadOnlyList<PlannedWheel> wheels, IEnumerable<WheelCollision> leftOut)
    {
        var names = wheels.Select(wheel => wheel.Package.Name).ToHashSet(StringComparer.Ordinal);
        return new WheelLayerWork(
            wheels,
            leftOut.Where(collision => names.Contains(collision.Loser)).Select(collision => (collision.Loser, collision.Path)).ToHashSet()
        );
    }

    /// <summary>Key of everything that decides the layer.</summary>
    public Digest Key(Packing packing) =>
        BuildKey.Of(
            "wheels",
            [
                packing.Key,
                .. Wheels.Select(wheel =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{wheel.Package.Sha256.Hex} {wheel.Package.Requested} "
                            + $"{(DirectUrl.Of(wheel.Package) is { } origin ? Digest.Of(origin).Hex : "")}"
                    )
                ),
                .. LeftOut.Select(file => $"{file.Name} {file.Path}").Order(StringComparer.Ordinal),
            ]
        );
}
