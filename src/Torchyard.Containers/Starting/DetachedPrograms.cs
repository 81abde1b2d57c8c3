using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Starting;

/// <summary>
/// The programs that were started in a container and left to themselves. Each has a number, and its output and exit status are kept as
/// long as the container is there.
/// </summary>
/// <param name="directory">The container.</param>
/// <param name="record">What it is.</param>
/// <param name="self">This program.</param>
/// <param name="clock">Clock.</param>
internal sealed class DetachedPrograms(ContainerDirectory directory, ContainerRecord record, SelfProgram self, TimeProvider clock)
{
    /// <summary>So many that have ended are kept: their output may take <see cref="LogWriter"/>'s limit each.</summary>
    public const int Kept = 64;

    /// <summary>Starts a program; when that fails, nothing of it is left.</summary>
    public async Task<ExecState> StartAsync(ExecRequest request, ProcessIdentity init, CancellationToken cancellation)
    {
        var prepared = new ContainerExec(directory, record, init, self).PrepareDetached(request);
        var state = await NumberAsync(request, cancellation);
        var exec = ExecDirectory.Of(directory, state.Number);
        using var monitor = MonitorReport.Start(self, SelfVerbs.Exec, directory.Root, Path.GetFileName(exec.Root), prepared);
        try
        {
            await MonitorReport.ReadAsync(monitor, "running");
            return exec.Read() ?? state;
        }
        catch
        {
            ConfinedDirectory.Remove(exec.Root);
            throw;
        }
    }

    /// <summary>All that are kept, oldest first.</summary>
    public IReadOnlyList<ExecState> List() => ExecDirectory.All(directory);

    /// <summary>The one of a number.</summary>
    /// <exception cref="TorchyardException">TY4096: there is none.</exception>
    public ExecState Find(int number) =>
        ExecDirectory.Of(directory, number).Read()
        ?? throw new TorchyardException(
            "TY4096",
            FormattableString.Invariant($"no program with the number {number} was started by 'exec -d' in {record.Name}"),
            KnownNames.Cure(
                FormattableString.Invariant($"{number}"),
                List().Select(state => FormattableString.Invariant($"{state.Number}")),
                $"'torchyard exec -d {record.Name} PROGRAM' starts one",
                $"torchyard exec --list {record.Name}"
            )
        );

    /// <summary>What one printed.</summary>
    public IAsyncEnumerable<LogEntry> LogAsync(
        ExecState state,
        int? tail,
        DateTimeOffset? since,
        bool follow,
        CancellationToken cancellation
    )
    {
        var exec = ExecDirectory.Of(directory, state.Number);
        return LogReader.ReadAsync(exec.Log, tail, since, follow ? () => exec.Read()?.IsRunning == true : null, cancellation);
    }

    private async Task<ExecState> NumberAsync(ExecRequest request, CancellationToken cancellation)
    {
        using (await FileLock.AcquireAsync(directory.Lock, exclusive: true, cancellation))
        {
            var all = List();
            foreach (var old in all.Where(state => !state.IsRunning).SkipLast(Kept - 1))
            {
                ConfinedDirectory.Remove(ExecDirectory.Of(directory, old.Number).Root);
            }

            var state = new ExecState
            {
                Number = all.Select(other => other.Number).DefaultIfEmpty().Max() + 1,
                Command = request.Command,
                Started = clock.GetUtcNow().ToUnixTimeMilliseconds(),
                Monitor = ProcessIdentity.Current,
            };
            var exec = ExecDirectory.Of(directory, state.Number);
            StoreDirectory.Create(exec.Root);
            exec.Write(state);
            return state;
        }
    }
}
