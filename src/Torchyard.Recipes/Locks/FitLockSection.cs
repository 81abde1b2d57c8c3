using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Locks;

/// <summary><c>[fit]</c>: no packages, and what they were checked against.</summary>
internal sealed class FitLockSection : ILockSection
{
    private static readonly string[] Origins = ["machine", "recipe", "options"];

    public void Write(TomlText text, RecipeLock locked)
    {
        if (locked.Fit is not { } fit)
        {
            return;
        }

        text.Header("fit")
            .Add("torch", fit.Torch)
            .Add("build", fit.Build)
            .Add("python", fit.Python)
            .Add("glibc", fit.Glibc)
            .Add("cuda", fit.Cuda)
            .Add("cudnn", fit.Cudnn)
            .Add("nccl", fit.Nccl)
            .Add("nvshmem", fit.Nvshmem)
            .Add("triton", fit.Triton)
            .Add("origin", Origins[(int)fit.Origin])
            .Add("asked-torch", fit.AskedTorch)
            .Add("asked-build", fit.AskedBuild)
            .Add("asked-glibc", fit.AskedGlibc);
        foreach (var machine in fit.Machines)
        {
            text.ArrayHeader("fit.machine")
                .Add("name", machine.Name)
                .Add("gpus", machine.Gpus)
                .Add("driver", machine.Driver)
                .Add("architecture", machine.Architecture)
                .Add("rules", machine.Rules);
        }
    }

    public RecipeLock Read(TomlTableReader table, RecipeLock locked) =>
        table.Table("fit") is { } fit ? locked with { Fit = Read(fit) } : locked;

    public IEnumerable<LockedVersion> Versions(RecipeLock locked) => [];

    private static LockedFit Read(TomlTableReader table)
    {
        var result = new LockedFit
        {
            Torch = table.RequiredText("torch"),
            Build = table.RequiredText("build"),
            Python = table.RequiredText("python"),
            Glibc = table.RequiredText("glibc"),
            Cuda = table.Text("cuda"),
            Cudnn = table.Text("cudnn"),
            Nccl = table.Text("nccl"),
            Nvshmem = table.Text("nvshmem"),
            Triton = table.Text("triton"),
            Origin = Array.IndexOf(Origins, table.RequiredText("origin")) is >= 0 and var origin
                ? (FitOrigin)origin
                : throw table.Wrong(
                    "origin",
                    "'origin' is none that is known",
                    "run 'torchyard lock' to write it again",
                    LockCodes.Damaged
                ),
            AskedTorch = table.Text("asked-torch"),
            AskedBuild = table.Text("asked-build"),
            AskedGlibc = table.Text("asked-glibc"),
            Machines = [.. table.Tables("machine").Select(ReadMachine)],
        };
        table.Finish();
        return result;
    }

    private static LockedMachine ReadMachine(TomlTableReader table)
    {
        var result = new LockedMachine
        {
            Name = table.RequiredText("name"),
            Gpus = table.Texts("gpus") ?? [],
            Driver = table.Text("driver"),
            Architecture = table.RequiredText("architecture"),
            Rules = table.Texts("rules") ?? [],
        };
        table.Finish();
        return result;
    }
}
