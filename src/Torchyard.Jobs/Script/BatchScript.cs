using System.Globalization;
using System.Text;
using Torchyard.Jobs.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Jobs.Script;

/// <summary>
/// Writes the script that Slurm runs. It has no secret of Torchyard's: whoever reads it can change it and give it to sbatch by hand.
/// </summary>
public static class BatchScript
{
    /// <summary>The whole script.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY7001: a value cannot stand in a line of sbatch.</exception>
    public static string Write(JobScript job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var text = new StringBuilder();
        text.Append("#!/bin/bash\n# Written by 'torchyard submit'; it can be changed, and submitted by hand: sbatch FILE\n");
        Directive("--job-name", job.Name);
        Directive("--comment", "torchyard:" + job.Image);
        Directive("--nodes", Number(job.Nodes));
        text.Append("# One container a node; its ranks share it.\n");
        Directive("--ntasks-per-node", "1");
        Directive("--gpus-per-node", job.GpusPerNode);
        Directive("--time", job.Time);
        Directive("--partition", job.Partition);
        Directive("--array", job.Array);
        Directive("--dependency", job.After.Count > 0 ? "afterok:" + string.Join(':', job.After) : null);
        Directive("--output", job.Output ?? OutputOf(job));
        text.Append("# A job that is started again goes on in its log.\n");
        Directive("--open-mode", "append");
        text.Append(job.Requeue ? "#SBATCH --requeue\n" : "#SBATCH --no-requeue\n");
        if (job.WarnBefore > 0)
        {
            text.Append("# To this script, which tells the ranks. NCCL has SIGUSR1.\n");
            Directive("--signal", "B:USR2@" + Number(job.WarnBefore));
        }

        foreach (var option in job.Options)
        {
            text.Append("#SBATCH ").Append(Word(option)).Append('\n');
        }

        text.Append('\n');
        Value("torchyard", ShellWord.Of(job.Program));
        Value("store", ShellWord.Array(job.Store is { } store ? ["--store", store] : []));
        Value("image", ShellWord.Of(job.Image));
        Value("image_name", ShellWord.Of(job.ImageName));
        Value("launch", job.Launch.ToString().ToLowerInvariant());
        Value("ranks_per_node", job.RanksPerNode is { } ranks ? Number(ranks) : "   # one for each GPU");
        Value("max_restarts", Number(job.MaxRestarts));
        Value("may_requeue", job.Requeue ? "yes" : "no");
        Value("run_options", ShellWord.Array(job.RunOptions));
        Value("command", ShellWord.Array(job.Command));
        Part("prepare", "PREPARE");
        Part("on-node", "ON_NODE");
        Part("in-container", "IN_CONTAINER");
        text.Append('\n').Append(EmbeddedText.Read(typeof(BatchScript), "jobs/job.sh"));
        return text.ToString();

        void Directive(string option, string? value)
        {
            if (value is not null)
            {
                text.Append("#SBATCH ").Append(Word($"{option}={value}")).Append('\n');
            }
        }

        void Value(string name, string value) => text.Append(name).Append('=').Append(value).Append('\n');

        void Part(string name, string mark) =>
            text.Append(CultureInfo.InvariantCulture, $"\n{name.Replace('-', '_')}=$(cat <<'{mark}'\n")
                .Append(EmbeddedText.Read(typeof(BatchScript), $"jobs/{name}.sh"))
                .Append(CultureInfo.InvariantCulture, $"{mark}\n)\n");
    }

    /// <summary>The log's name; the ids are Slurm's patterns.</summary>
    private static string OutputOf(JobScript job) => job.Name + (job.Array is null ? "-%j.out" : "-%A_%a.out");

    /// <summary>sbatch splits its lines as a shell does, and knows double quotes.</summary>
    private static string Word(string text) =>
        text.AsSpan().IndexOfAny("\n\r\"\\") >= 0 ? throw JobErrors.BadDirective(text)
        : text.AsSpan().IndexOfAny(" \t#'") >= 0 ? $"\"{text}\""
        : text;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
