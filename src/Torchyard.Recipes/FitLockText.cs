using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>The fit of <c>torchyard.lock</c>, written and read.</summary>
internal static class FitLockText
{
    private static readonly string[] Origins = ["machine", "recipe", "options"];

    public static void Write(TomlText text, LockedFit fit)
    {
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

    public static LockedFit Read(TomlTableReader table)
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
            Origin = Array.IndexOf(Origins, table.RequiredText("origin")) is >= 0 and var origin ? (FitOrigin)origin
                : throw table.Wrong("origin", "'origin' is none that is known", "run 'torchyard lock' to write it again", "TY1021"),
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
        var result = new LockedMachine(
            table.RequiredText("name"), table.Texts("gpus") ?? [], table.Text("driver"), table.RequiredText("architecture"), table.Texts("rules") ?? []);
        table.Finish();
        return result;
    }
}
