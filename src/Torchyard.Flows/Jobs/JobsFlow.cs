using System.Runtime.CompilerServices;
using Torchyard.Flows.Hosts;
using Torchyard.Jobs.Errors;
using Torchyard.Jobs.Logs;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Jobs;

/// <summary>Jobs of the cluster: what they do, what they print, and programs inside them.</summary>
internal sealed class JobsFlow(Host host, SlurmClient slurm)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private const int LooksForState = 8;

    /// <summary>Label of the containers of a job.</summary>
    public const string Label = "torchyard.job";

    /// <summary>One job; of an array, each task.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003, TY7006.</exception>
    public async Task<IReadOnlyList<JobView>> ShowAsync(string id, CancellationToken cancellation)
    {
        var views = new List<JobView>();
        foreach (var job in await slurm.ShowAsync(id, cancellation))
        {
            var log = await LogAsync(job, cancellation);
            views.Add(new JobView(job, log, JobStart.Of(log?.Events ?? [])));
        }

        return views;
    }

    /// <summary>The job whose log is to be read, with what failed in it.</summary>
    /// <exception cref="TorchyardException">TY7002, TY7003, TY7006; TY7007: there is no log yet.</exception>
    public async Task<JobView> WithLogAsync(string id, bool follow, CancellationToken cancellation)
    {
        var job = (await slurm.ShowAsync(id, cancellation))[0];
        var log = await LogAsync(job, cancellation);
        return log is not null || (follow && job.IsOpen)
            ? new JobView(job, log, [])
            : throw JobErrors.NoLog(id, job.Log is null ? "Slurm knows none" : $"{job.Log} is not there, and the job is {job.State}");
    }

    /// <summary>Lines of a job's log.</summary>
    /// <param name="job">The job.</param>
    /// <param name="wish">Which, and whether to go on.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<string> LinesAsync(KnownJob job, LogWish wish, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var open = wish.Follow && job.IsOpen;
        while (open && !File.Exists(job.Log))
        {
            await Task.Delay(Look * LooksForState, host.Clock, cancellation);
            open = await IsOpenAsync(job, cancellation);
        }

        if (!File.Exists(job.Log))
        {
            yield break;
        }

        using var reader = Open(job.Log);
        // Null once the lines that were there have been given: from then on each is given as it comes.
        var last = wish.Tail is null ? null : new Queue<string>();
        for (var looks = 0; ; looks++)
        {
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                if (wish.Rank is not null && JobLog.RankOf(line) != wish.Rank)
                {
                    continue;
                }

                if (last is null)
                {
                    yield return line;
                    continue;
                }

                last.Enqueue(line);
                if (last.Count > wish.Tail)
                {
                    last.Dequeue();
                }
            }

            foreach (var line in last ?? [])
            {
                yield return line;
            }

            last = null;
            if (!open)
            {
                yield break;
            }

            await Task.Delay(Look, host.Clock, cancellation);
            // One more look after its end: the last lines may have come in between.
            open = looks % LooksForState != LooksForState - 1 || await IsOpenAsync(job, cancellation);
        }
    }

    /// <summary>The line that runs a program in a job's container on a node.</summary>
    /// <exception cref="TorchyardException">TY7008: the job does not run, or not on that node.</exception>
    public async Task<IReadOnlyList<string>> ExecAsync(JobExec request, CancellationToken cancellation)
    {
        var job = (await slurm.ShowAsync(request.Job, cancellation))[0];
        if (job.State != "RUNNING")
        {
            throw JobErrors.NotRunning(request.Job, job.State);
        }

        var nodes = await slurm.NodesAsync(job.NodeList, cancellation);
        var node = request.Node ?? nodes[0];
        if (!nodes.Contains(node, StringComparer.Ordinal))
        {
            throw JobErrors.NotOnNode(request.Job, node, nodes);
        }

        return
        [
            "srun",
            "--overlap",
            "--jobid=" + job.Id,
            "--nodelist=" + node,
            "--nodes=1",
            "--ntasks=1",
            .. request.Terminal ? ["--pty"] : Array.Empty<string>(),
            host.Self.Path,
            "--store",
            host.Store.Root,
            "exec",
            .. request.Interactive ? ["--interactive"] : Array.Empty<string>(),
            .. request.Terminal ? ["--tty"] : Array.Empty<string>(),
            .. request.Options,
            $"job-{job.Id}-{node}",
            .. request.Command,
        ];
    }

    /// <summary>Removes what a job has left on this machine; nothing happens when there is nothing.</summary>
    /// <returns>Names of the containers that were removed.</returns>
    /// <exception cref="TorchyardException">TY7006: the id is not one.</exception>
    public async Task<IReadOnlyList<string>> CleanUpAsync(string id, CancellationToken cancellation)
    {
        SlurmClient.RequireId(id);
        var store = host.Containers();
        var removed = new List<string>();
        foreach (var container in await store.FindByLabelAsync(Label, id, cancellation))
        {
            if (container.IsRunning)
            {
                await host.Session(container).StopAsync(TimeSpan.Zero, cancellation);
            }

            await store.RemoveAsync(container, cancellation);
            removed.Add(container.Record.Name);
        }

        return removed;
    }

    private async Task<bool> IsOpenAsync(KnownJob job, CancellationToken cancellation)
    {
        try
        {
            return (await slurm.ShowAsync(job.Id, cancellation))[0].IsOpen;
        }
        catch (TorchyardException failure) when (failure.Code == JobCodes.NoJob)
        {
            return false;
        }
    }

    private static async Task<JobLog?> LogAsync(KnownJob job, CancellationToken cancellation)
    {
        if (job.Log is null || !File.Exists(job.Log))
        {
            return null;
        }

        using var reader = Open(job.Log);
        return await JobLog.ReadAsync(reader, cancellation);
    }

    private static StreamReader Open(string path) => new(RegularFile.OpenRead(path));
}
