using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Gpus;

/// <summary>
/// The CDI document of this machine's GPUs (Container Device Interface, SPEC.md), for podman, docker, containerd and CRI-O. It has no
/// hooks: links are mounts of their own, and the loader finds the driver through LD_LIBRARY_PATH.
/// </summary>
public static class CdiDocument
{
    /// <summary>Vendor and class of the devices.</summary>
    public const string Kind = "nvidia.com/gpu";

    /// <summary>Where engines look for documents that an administrator made.</summary>
    public const string DefaultPath = "/etc/cdi/nvidia.json";

    /// <summary>
    /// The document as JSON, with the lowest version of the specification that has what it uses: readers refuse what they do not know.
    /// </summary>
    /// <param name="gpus">The GPUs and MIG devices.</param>
    /// <param name="edits">Gives the edits for a choice of them.</param>
    public static string Write(IReadOnlyList<ChosenGpu> gpus, Func<IReadOnlyList<ChosenGpu>, ContainerEdits> edits)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        ArgumentNullException.ThrowIfNull(edits);
        var common = edits([]);
        var shared = common.Devices.Select(d => d.Path).ToHashSet(StringComparer.Ordinal);
        var devices = new List<CdiDevice>();
        foreach (var gpu in gpus)
        {
            var own = Own(edits([gpu]), shared, common);
            devices.Add(new CdiDevice(gpu.Mig is { } mig ? $"{gpu.Index}:{mig.Index}" : $"{gpu.Index}", own));
            devices.Add(new CdiDevice(gpu.Uuid.Replace('/', '-'), own));
        }

        devices.Add(new CdiDevice("all", Own(edits(gpus), shared, common)));
        var groups = common.AdditionalGids.Count > 0 || devices.Any(d => d.ContainerEdits.AdditionalGids is not null);
        var document = new CdiSpec(
            groups ? "0.7.0" : "0.5.0",
            Kind,
            devices,
            new CdiEdits(
                [.. common.Environment, $"LD_LIBRARY_PATH={ContainerInjection.LibraryDirectory}"],
                Nodes(common.Devices),
                [
                    // A document is kept, and engines mount as root what it names then, whoever made that.
                    .. common
                        .Mounts.Where(m => !m.IsTransient)
                        .Select(m => new CdiMount(
                            m.HostPath,
                            m.Path,
                            "bind",
                            m.IsSocket ? ["nosuid", "nodev", "noexec", "rbind", "rprivate"] : ["ro", "nosuid", "nodev", "rbind", "rprivate"]
                        )),
                ],
                common.AdditionalGids.Count > 0 ? common.AdditionalGids : null
            )
        );
        return JsonSerializer.Serialize(document, CdiJson.Default.CdiSpec);
    }

    /// <summary>The command that lets others read a document where it was installed.</summary>
    public static TorchyardException CannotInstall(string path, Exception cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        return new TorchyardException(
            "TY5016",
            $"{path} cannot be written: {cause.Message}",
            $"as root: torchyard cdi --install; or for one user: torchyard cdi > FILE",
            cause
        );
    }

    private static CdiEdits Own(ContainerEdits edits, HashSet<string> shared, ContainerEdits common)
    {
        var groups = edits.AdditionalGids.Except(common.AdditionalGids).ToList();
        return new CdiEdits(null, Nodes(edits.Devices.Where(d => !shared.Contains(d.Path))), null, groups.Count > 0 ? groups : null);
    }

    private static List<CdiNode> Nodes(IEnumerable<EditedDevice> devices) =>
        [
            .. devices.Select(d => new CdiNode
            {
                Path = d.Path,
                HostPath = d.HostPath == d.Path ? null : d.HostPath,
                Type = "c",
                Major = d.Major,
                Minor = d.Minor,
                Permissions = "rwm",
            }),
        ];
}

internal sealed record CdiSpec(string CdiVersion, string Kind, IReadOnlyList<CdiDevice> Devices, CdiEdits ContainerEdits);

internal sealed record CdiDevice(string Name, CdiEdits ContainerEdits);

internal sealed record CdiEdits(
    IReadOnlyList<string>? Env,
    IReadOnlyList<CdiNode>? DeviceNodes,
    IReadOnlyList<CdiMount>? Mounts,
    IReadOnlyList<uint>? AdditionalGids
);

internal sealed record CdiNode
{
    public required string Path { get; init; }
    public string? HostPath { get; init; }
    public required string Type { get; init; }
    public required int Major { get; init; }
    public required int Minor { get; init; }
    public required string Permissions { get; init; }
}

internal sealed record CdiMount(string HostPath, string ContainerPath, string Type, IReadOnlyList<string> Options);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true
)]
[JsonSerializable(typeof(CdiSpec))]
internal sealed partial class CdiJson : JsonSerializerContext;
