using System.Globalization;
using System.Text.Json;
using Torchyard.Containers.Namespaces;
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

    /// <summary>The record again: what a container is stands nowhere else.</summary>
    public string RecordCopy => Path.Combine(Root, "container.copy.json");

    /// <summary>How the namespaces were prepared; also for later starts of the runtime.</summary>
    public string Plan => Path.Combine(Root, "plan.json");

    /// <summary>Held while the container is changed.</summary>
    public string Lock => Path.Combine(Root, "lock");

    public string Links => Path.Combine(Root, "l");

    public string Upper => Path.Combine(Root, "upper");

    public string Work => Path.Combine(Root, "work");

    /// <summary>Shown as /run/torchyard inside.</summary>
    public string Run => Path.Combine(Root, "run");

    /// <summary>hosts, hostname, resolv.conf.</summary>
    public string Etc => Path.Combine(Root, "etc");

    /// <summary>Service logs when no mount is there for them: /var/log/torchyard.</summary>
    public string ServiceLogs => Path.Combine(Root, "logs");

    /// <summary>The stage of a container whose runtime is the store's owner throughout.</summary>
    public string Mounts => Path.Combine(Root, "m");

    /// <summary>The store that the container is in: <c>containers/ID</c> is two levels below it.</summary>
    public StorePaths Store => new(Path.GetDirectoryName(Path.GetDirectoryName(Root)!)!);

    public string Volumes => Path.Combine(Root, "volumes");

    public string RuntimeState => Path.Combine(Root, "runtime");

    public string RuntimeLog => Path.Combine(Root, "runtime.log");

    public string PidFile => Path.Combine(Root, "init.pid");

    /// <summary>Output of the program, in the log format of Kubernetes' CRI.</summary>
    public string Log => Path.Combine(Root, "log");

    /// <summary>Programs that were started in it and left to themselves.</summary>
    public string Execs => Path.Combine(Root, "execs");

    /// <summary>The monitor's socket for attach.</summary>
    public string AttachSocket => Path.Combine(Root, "attach.sock");

    /// <summary>The id, which is the directory's name.</summary>
    public string Id => Path.GetFileName(Root);

    /// <summary>Reads the record; what it is must be this container's.</summary>
    public RecordRead<ContainerRecord> LoadRecord() => OfThis(StateJson.Record.Read(Record));

    /// <summary>Reads the record's copy.</summary>
    public RecordRead<ContainerRecord> LoadCopy() => OfThis(StateJson.Record.Read(RecordCopy));

    /// <summary>Reads the state.</summary>
    public RecordRead<ContainerState> LoadState() => StateJson.State.Read(State);

    /// <summary>The record of a container that is being started.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3050: it is damaged or missing.</exception>
    public ContainerRecord RequireRecord() =>
        LoadRecord() switch
        {
            { Value: { } record } => record,
            { Damage: { } damage } => throw RecordText.Damaged(Record, damage),
            _ => throw RecordText.Damaged(Record, "container.json is missing"),
        };

    /// <summary>
    /// How the container is: what its state file says, or what its processes say where that is damaged or lost; null when there is no
    /// container.
    /// </summary>
    public ContainerState? ReadState() =>
        LoadState() switch
        {
            { Value: { } state } => state,
            { Damage: null } when !HasContent => null,
            _ => ContainerEvidence.StateOf(this, TimeProvider.System),
        };

    /// <summary>True when something was made in it: a maker that is killed before leaves an empty directory.</summary>
    public bool HasContent
    {
        get
        {
            try
            {
                return Directory.EnumerateFileSystemEntries(Root).Any(entry => !entry.EndsWith(".tmp", StringComparison.Ordinal));
            }
            catch (IOException)
            {
                return false; // Removed meanwhile.
            }
        }
    }

    /// <summary>Reads how the namespaces are prepared.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3050: the plan is damaged or missing.</exception>
    public NamespacePlan ReadPlan() => NamespaceJson.Plan.Require(Plan);

    /// <summary>The first process as the runtime wrote it down, or null.</summary>
    public ProcessIdentity? ReadPidFile() =>
        TextOf(PidFile) is { } text && int.TryParse(text, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var id)
            ? ProcessIdentity.Of(id)
            : null;

    /// <summary>
    /// The first process of a container whose maker died before it wrote that down. The number may be another process's by now, which
    /// then started after the file was written.
    /// </summary>
    public ProcessIdentity? ReadAbandoned(TimeProvider clock) =>
        ReadPidFile() is { } process && process.Started(clock) <= File.GetLastWriteTimeUtc(PidFile) + TimeSpan.FromSeconds(1)
            ? process
            : null;

    public void Write(ContainerRecord record) => Replace(Record, Bytes(record));

    /// <summary>Keeps the finished record a second time.</summary>
    public void WriteCopy(ContainerRecord record) => Replace(RecordCopy, Bytes(record));

    public void Write(ContainerState state) => Replace(State, JsonSerializer.SerializeToUtf8Bytes(state, StateJson.Default.ContainerState));

    /// <summary>
    /// By rename but without fsync(2), unlike <see cref="Platform.Files.AtomicFile"/>: a power cut ends every container, so what
    /// these files say about running ones is worth nothing after it, and a start would wait for the disk several times.
    /// </summary>
    private static void Replace(string path, byte[] content)
    {
        var temporary = $"{path}.{Environment.ProcessId:x}.tmp";
        File.WriteAllBytes(temporary, content);
        RegularFile.ClearPlace(path);
        File.Move(temporary, path, overwrite: true);
    }

    private static byte[] Bytes(ContainerRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, StateJson.Default.ContainerRecord);

    private RecordRead<ContainerRecord> OfThis(RecordRead<ContainerRecord> read) =>
        read.Value is { } record && record.Id != Id ? new(null, "container.json is another container's") : read;

    private static string? TextOf(string path)
    {
        try
        {
            return RegularFile.TryReadText(path, limit: 64);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Torchyard.Platform.Errors.TorchyardException)
        {
            return null;
        }
    }
}
