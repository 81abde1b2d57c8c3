using Torchyard.Flows.Hosts;
using Torchyard.Images.Errors;
using Torchyard.Images.Store;
using Torchyard.Jobs.Checks;
using Torchyard.Jobs.Script;
using Torchyard.Jobs.Slurm;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Jobs;

/// <summary>Makes a batch script of a command, and gives it to Slurm.</summary>
internal sealed class SubmitFlow(Host host, SlurmClient slurm)
{
    private const string Mounts = "/proc/mounts";

    /// <summary>The job, checked as far as that needs no cluster.</summary>
    /// <exception cref="TorchyardException">TY7001: a value is wrong; TY3010: there is no such image; an error of the recipe.</exception>
    public JobScript Script(SubmitRequest request)
    {
        var name = request.Image ?? RecipeSource.Find(null, host.Caller.WorkingDirectory).Recipe.Name;
        var several = request.Nodes > 1 || request.RanksPerNode is > 1 || NodeGpus.Asked(request.GpusPerNode ?? "") is { Number: > 1 };
        var job = new JobScript
        {
            Name = request.Name ?? JobName(name),
            Image = Pinned(name),
            ImageName = name,
            Command = request.Command,
            Program = request.Program ?? host.Self.Path,
            Store =
                host.Store.Root == host.Caller.DefaultStore.Root && host.Caller.Variable("TORCHYARD_STORE") is null or ""
                    ? null
                    : host.Store.Root,
            Nodes = request.Nodes,
            GpusPerNode = request.GpusPerNode,
            RanksPerNode = request.RanksPerNode,
            Time = request.Time,
            Partition = request.Partition,
            Array = request.Array,
            After = request.After,
            Output = request.Output,
            Options = request.Options,
            RunOptions = RunOptions(request),
            Launch = request.Launch is { } launch
                ? Enum.Parse<JobLaunch>(launch, ignoreCase: true)
                : LaunchChoice.Of(request.Command, several),
            MaxRestarts = request.MaxRestarts,
            WarnBefore = request.WarnBefore,
            Requeue = !request.NoRequeue,
        };
        SubmissionChecks.Words(job);
        return job;
    }

    /// <summary>Checks the job against the cluster, submits it and gives its id.</summary>
    /// <exception cref="TorchyardException">TY7002 to TY7005, TY7009: there is no Slurm, or the job never fits.</exception>
    public async Task<string> SubmitAsync(JobScript job, CancellationToken cancellation)
    {
        var script = BatchScript.Write(job);
        SubmissionChecks.Visible(host.Caller.WorkingDirectory, host.Files.ReadLines(Mounts), job.Nodes);
        SubmissionChecks.Cluster(job, await slurm.PartitionsAsync(cancellation));
        return await slurm.SubmitAsync(script, host.Caller.WorkingDirectory, cancellation);
    }

    private List<string> RunOptions(SubmitRequest request)
    {
        List<string> options =
        [
            "--volume",
            $"{host.Caller.WorkingDirectory}:{EnvironmentPlaces.Workspace}",
            "--workdir",
            EnvironmentPlaces.Workspace,
        ];
        foreach (var volume in request.Volumes)
        {
            // The script runs elsewhere: what is relative here is not there.
            options.AddRange(["--volume", volume.StartsWith('.') ? Absolute(volume) : volume]);
        }

        foreach (var variable in request.Variables)
        {
            options.AddRange(["--env", variable]);
        }

        return options;
    }

    private string Absolute(string volume)
    {
        var colon = volume.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? volume : host.Caller.FullPath(volume[..colon]) + volume[colon..];
    }

    /// <summary>The digest, so that every node runs the same; the name where only a registry knows it.</summary>
    private string Pinned(string name)
    {
        try
        {
            return new ImageStore(host.Store).Resolve(name).ToString();
        }
        catch (TorchyardException failure) when (failure.Code == ImageCodes.NoSuchImage && name.Contains('/', StringComparison.Ordinal))
        {
            return name;
        }
    }

    private static string JobName(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..];
        return name.Split(':', '@')[0];
    }
}
