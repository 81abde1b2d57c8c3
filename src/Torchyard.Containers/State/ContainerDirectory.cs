using System.Globalization;
using System.Text.Json;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.State;

/// <summary>The files of one container.</summary>
/// <param name="Root"><c>containers/ID</c>, absolute.</param>
internal sealed record ContainerDirectory(string Root)
{
    /// <summary>OCI configuration; the directory is the bundle.</summary>
    public string Config => Path.Combine(Root, "config.json");

    public string Record => Path.Combine(Root, "container.json");

    public string State => Path.Combine(Root, "state.json");

    /// <summary>How the namespaces were prepared; also for later starts of the runtime.</summary>
    public string Plan => Path.Combine(Root, "plan.json");

    /// <summary>Held while the container is changed.</summary>
    public string Lock => Path.Combine(Root, "lock");

    public string Links => Path.Combine(Root, "l");

    public string RootFileSystem => Path.Combine(Root, "rootfs");

    public string Upper => Path.Combine(Root, "upper");

    public string Work => Path.Combine(Root, "work");

    /// <summary>Shown as /run/torchyard inside.</summary>
    public string Run => Path.Combine(Root, "run");

    /// <summary>hosts, hostname, resolv.conf.</summary>
    public string Etc => Path.Combine(Root, "etc");

    /// <summary>Service logs when no mount is there for them: /var/log/torchyard.</summary>
    public string ServiceLogs => Path.Combine(Root, "logs");

    /// <summary>Targets of idmapped mounts.</summary>
    public string Mounts => Path.Combine(Root, "m");

    /// <summary>The store that the container is in: <c>containers/ID</c> is two levels below it.</summary>
    public StorePaths Store => new(Path.GetDirectoryName(Path.GetDirectoryName(Root)!)!);

    public string Volumes => Path.Combine(Root, "volumes");

    public string RuntimeState => Path.Combine(Root, "runtime");

    public string RuntimeLog => Path.Combine(Root, "runtime.log");

    public string PidFile => Path.Combine(Root, "init.pid");

    /// <summary>Output of the program, in the log format of Kubernetes' CRI.</summary>
    public string Log => Path.Combine(Root, "log");

    /// <summary>The monitor's socket for attach.</summary>
    public string AttachSocket => Path.Combine(Root, "attach.sock");

    /// <summary>Reads the record; null while the container is being made or removed.</summary>
    public ContainerRecord? ReadRecord() => Read(Record) is { } json ? JsonSerializer.Deserialize(json, StateJson.Default.ContainerRecord) : null;

    /// <summary>Reads the state.</summary>
    public ContainerState? ReadState() => Read(State) is { } json ? JsonSerializer.Deserialize(json, StateJson.Default.ContainerState) : null;

    /// <summary>The first process as the runtime wrote it down, or null.</summary>
    public ProcessIdentity? ReadPidFile() =>
        Read(PidFile) is { } text && int.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id)
            ? ProcessIdentity.Of(id)
            : null;

    /// <summary>
    /// The first process of a container whose maker died before it wrote that down. The number may be another process's by now, which
    /// then started after the file was written.
    /// </summary>
    public ProcessIdentity? ReadAbandoned(TimeProvider clock) =>
        ReadPidFile() is { } process && process.Started(clock) <= File.GetLastWriteTimeUtc(PidFile) + TimeSpan.FromSeconds(1) ? process : null;

    public void Write(ContainerRecord record) =>
        Replace(Record, JsonSerializer.SerializeToUtf8Bytes(record, StateJson.Default.ContainerRecord));

    public void Write(ContainerState state) =>
        Replace(State, JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.ContainerState));

    /// <summary>
    /// By rename but without fsync(2), unlike <see cref="Platform.Files.AtomicFile"/>: a power cut ends every container, so what
    /// these files say about running ones is worth nothing after it, and a start would wait for the disk several times.
    /// </summary>
    private static void Replace(string path, byte[] content)
    {
        var temporary = $"{path}.{Environment.ProcessId:x}.tmp";
        File.WriteAllBytes(temporary, content);
        File.Move(temporary, path, overwrite: true);
    }

    private static byte[]? Read(string path)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            return content.Length == 0 ? null : content;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
