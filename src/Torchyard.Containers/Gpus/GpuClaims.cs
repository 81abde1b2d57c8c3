using System.Text.Json;
using Torchyard.Machine.Files;
using Torchyard.Machine.Processes;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Gpus;

/// <summary>
/// Who holds which GPU, for all users of a machine: stores are private, so each user says it in a record that everybody can read, and that
/// nobody else can write, move or remove: a file of the user's own in <c>/dev/shm</c>, a directory with the sticky bit on every machine,
/// which ends with it. No container sees the machine's. A record counts when it is a regular file, and its owner is the user of the
/// process that it names, while that lives: so nobody can say it of another user, and what a process leaves behind counts for nothing.
/// </summary>
/// <param name="files">The machine.</param>
public sealed class GpuClaims(MachineFiles files)
{
    private const string Place = "/dev/shm";
    private const string Prefix = "torchyard-gpus.";

    // So that nobody crowds out the others, or keeps readers busy.
    private const int MostOfOneUser = 256;
    private const int MostLookedAt = 65_536;

    private readonly ProcessTable _processes = new(files);

    /// <summary>Claims whose process lives, of all users, oldest first.</summary>
    public IReadOnlyList<GpuClaim> Held()
    {
        using var directory = Open();
        return directory is null
            ? []
            :
            [
                .. Records(directory)
                    .Select(record => Read(directory, record.Name))
                    .OfType<GpuClaim>()
                    .OrderBy(claim => claim.StartTime)
                    .ThenBy(claim => claim.ProcessId),
            ];
    }

    /// <summary>
    /// Says that this process holds GPUs, until that is disposed of, or the process ends; nobody hears of it where there is no place to say
    /// it.
    /// </summary>
    /// <param name="name">Name of the environment; null: private.</param>
    /// <param name="container">Id of the container; null: none yet.</param>
    /// <param name="gpus">UUIDs of the GPUs and MIG devices.</param>
    public PublishedClaim Publish(string? name, string? container, IReadOnlyList<string> gpus)
    {
        var published = new PublishedClaim(this, name, container, gpus);
        published.Renew();
        return published;
    }

    /// <summary>Writes a record of this process; null where that cannot be done.</summary>
    internal string? Write(string? name, string? container, IReadOnlyList<string> gpus)
    {
        if (_processes.Find(Environment.ProcessId) is not { } self)
        {
            return null;
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(
            new ClaimRecord
            {
                Version = ClaimJson.CurrentVersion,
                ProcessId = self.Id,
                StartTime = self.StartTime,
                Name = name,
                Container = container,
                Gpus = gpus,
            },
            ClaimJson.Default.ClaimRecord
        );
        // By chance, so that nobody can have taken it before.
        var file = $"{Prefix}{Guid.NewGuid():N}";
        try
        {
            using var directory = Open();
            directory?.Write(file, content);
            return directory is null ? null : file;
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return null;
        }
    }

    /// <summary>True while a record is there as it was written.</summary>
    internal bool IsThere(string file)
    {
        using var directory = Open();
        return directory?.Status(file) is { IsRegular: true } facts && facts.User == UserCalls.EffectiveUser();
    }

    /// <summary>Removes a record of this user.</summary>
    internal void Remove(string file)
    {
        try
        {
            using var directory = Open();
            directory?.Delete(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or TorchyardException)
        {
            // The system removes a user's files there when the last session ends (logind.conf(5), RemoveIPC).
        }
    }

    /// <summary>Removes what processes of this user have left that were killed.</summary>
    internal void RemoveDead()
    {
        using var directory = Open();
        if (directory is null)
        {
            return;
        }

        foreach (var (name, owner) in Records(directory).ToList())
        {
            if (owner == UserCalls.EffectiveUser() && Read(directory, name) is null)
            {
                Remove(name);
            }
        }
    }

    private ConfinedDirectory? Open()
    {
        try
        {
            return files.RealPath(Place) is { } real ? ConfinedDirectory.TryOpen(real) : null;
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return null;
        }
    }

    private IEnumerable<(string Name, uint Owner)> Records(ConfinedDirectory directory)
    {
        var counts = new Dictionary<uint, int>();
        foreach (var name in files.List(Place).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Take(MostLookedAt))
        {
            if (directory.Status(name) is not { IsRegular: true } facts)
            {
                continue;
            }

            counts[facts.User] = counts.GetValueOrDefault(facts.User) + 1;
            if (counts[facts.User] <= MostOfOneUser)
            {
                yield return (name, facts.User);
            }
        }
    }

    private GpuClaim? Read(ConfinedDirectory directory, string name)
    {
        uint owner;
        byte[] content;
        try
        {
            using var stream = directory.OpenRead(name);
            // Of the very file that is read. One with several names may have been moved here from elsewhere.
            if (stream is null || StatusCalls.Read(stream.SafeFileHandle) is not { IsRegularFile: true, Links: 1 } status)
            {
                return null;
            }

            owner = status.User;
            content = RegularFile.ReadAll(stream, name, ClaimJson.MostBytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            // A link, a FIFO, a file that only its owner may read, or one that is gone by now.
            return null;
        }

        return
            ClaimJson.Record.Parse(content, name).Value is { } record
            && _processes.Find(record.ProcessId) is { } process
            && process.StartTime == record.StartTime
            && process.User == owner
            ? new GpuClaim
            {
                User = owner,
                ProcessId = record.ProcessId,
                StartTime = record.StartTime,
                Name = record.Name,
                Container = record.Container,
                Gpus = record.Gpus,
            }
            : null;
    }
}
