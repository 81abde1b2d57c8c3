using System.Text;
using System.Text.Json;
using Torchyard.Containers.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Runtimes;

/// <summary>
/// Compiled system call filters, kept from one start to the next. crun compiles a container's filter to BPF for some 12 ms at each start,
/// leaves it in its state (<c>ROOT/ID/seccomp.bpf</c>), and takes one that is ready as an annotation (crun(1),
/// <c>run.oci.seccomp_bpf_data</c>). It is never more than a saving: whatever fails here, crun compiles the filter itself.
/// </summary>
/// <param name="store">Where they are kept.</param>
internal sealed class FilterCache(StorePaths store)
{
    /// <summary>The annotation: BPF in base64.</summary>
    public const string Annotation = "run.oci.seccomp_bpf_data";

    // One for each set of capabilities that is used; a new kernel or crun leaves the old ones behind.
    private const int Kept = 16;
    private const int HashLength = 64;
    private const int MostBytes = 1 << 20;

    /// <summary>Puts a kept filter into a configuration.</summary>
    /// <param name="configuration">A configuration with a filter in the specification's form, which stays in it.</param>
    /// <param name="runtime">The runtime that will read it.</param>
    /// <returns>The configuration, and the name to give to <see cref="Keep"/> when nothing was kept yet, or null.</returns>
    public (RuntimeConfig Configuration, string? Missing) Add(RuntimeConfig configuration, OciRuntime runtime)
    {
        if (runtime.Kind != OciRuntimeKind.Crun || configuration.Linux.Seccomp is not { } filter)
        {
            return (configuration, null);
        }

        var name = Name(filter, runtime);
        if (Read(name) is not { } compiled)
        {
            return (configuration, name);
        }

        var annotations = new Dictionary<string, string>(
            configuration.Annotations ?? new Dictionary<string, string>(),
            StringComparer.Ordinal
        )
        {
            [Annotation] = Convert.ToBase64String(compiled),
        };
        return (configuration with { Annotations = annotations }, null);
    }

    /// <summary>Keeps the filter that a runtime compiled.</summary>
    /// <param name="name">From <see cref="Add"/>.</param>
    /// <param name="runtimeState">The runtime's <c>--root</c>.</param>
    /// <param name="id">The container, which must not have been deleted yet.</param>
    public void Keep(string name, string runtimeState, string id)
    {
        try
        {
            var compiled = File.ReadAllBytes(Path.Combine(runtimeState, id, "seccomp.bpf"));
            if (compiled.Length == 0)
            {
                return;
            }

            StoreDirectory.Create(store.Filters, StoreDirectory.OwnerOnly);
            RegularFile.ClearPlace(PathOf(name));
            AtomicFile.Write(PathOf(name), [.. Encoding.ASCII.GetBytes(Digest.Of(compiled).Hex), .. compiled]);
            foreach (var old in Directory.EnumerateFiles(store.Filters).OrderByDescending(File.GetLastWriteTimeUtc).Skip(Kept))
            {
                File.Delete(old);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The container has ended already, or the file belongs to another id of this user.
        }
    }

    /// <summary>Kept filters that are not what was kept: they are never used, and may go.</summary>
    public IEnumerable<(string Path, string Damage)> Damaged()
    {
        foreach (var path in Directory.Exists(store.Filters) ? Directory.GetFileSystemEntries(store.Filters) : [])
        {
            string? why;
            try
            {
                why =
                    RegularFile.TryRead(path, MostBytes) is { } content && !IsWhole(content)
                        ? "does not have the hash that it begins with"
                        : null;
            }
            catch (TorchyardException failure)
            {
                why = failure.Message;
            }

            if (why is not null)
            {
                yield return (path, why);
            }
        }
    }

    private static bool IsWhole(byte[] content) =>
        content.Length > HashLength && Digest.Of(content.AsSpan(HashLength)).Hex == Encoding.ASCII.GetString(content, 0, HashLength);

    private string PathOf(string name) => Path.Combine(store.Filters, name);

    /// <summary>A filter that was damaged on the disk would be another filter, so its hash is before it.</summary>
    private byte[]? Read(string name)
    {
        try
        {
            return RegularFile.TryRead(PathOf(name), MostBytes) is { } content && IsWhole(content) ? content[HashLength..] : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return null;
        }
    }

    /// <summary>
    /// All that decides the compiled form: the filter, the kernel, crun, and the libseccomp that the machine's crun loads.
    /// </summary>
    private static string Name(SeccompConfig filter, OciRuntime runtime)
    {
        var text = new StringBuilder(JsonSerializer.Serialize(filter, OciJson.Default.SeccompConfig));
        text.Append(Environment.OSVersion.VersionString);
        string[] libraries =
        [
            "/usr/lib/x86_64-linux-gnu/libseccomp.so.2",
            "/usr/lib/aarch64-linux-gnu/libseccomp.so.2",
            "/usr/lib64/libseccomp.so.2",
            "/usr/lib/libseccomp.so.2",
        ];
        foreach (var file in runtime.Command.Concat(libraries).Select(f => new FileInfo(f)).Where(f => f.Exists))
        {
            text.Append('\n')
                .Append(file.FullName)
                .Append(' ')
                .Append(file.Length)
                .Append(' ')
                .Append(file.LastWriteTimeUtc.Ticks)
                .Append(' ')
                .Append(file.LinkTarget);
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString())).Hex;
    }
}
