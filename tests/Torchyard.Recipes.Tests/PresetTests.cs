using Torchyard.Platform;

namespace Torchyard.Recipes.Tests;

public sealed class PresetTests
{
    public static TheoryData<string> Names => [.. Preset.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_preset_reads_and_explains_itself(string name)
    {
        var preset = Preset.Get(name);
        Assert.Equal(name, preset.Recipe.Name);
        Assert.InRange(preset.Summary.Length, 20, 120);
        Assert.DoesNotContain('\r', preset.Content);
    }

    [Fact]
    public void The_cpu_preset_keeps_work_on_mounts_and_services_on_loopback()
    {
        var recipe = Preset.Get("cpu").Recipe;
        Assert.Equal(["/workspace/data", "/workspace/checkpoints"], recipe.Mounts.Select(mount => mount.Target));
        Assert.Equal("127.0.0.1", recipe.Services.Jupyter!.Listen);
        Assert.Equal("127.0.0.1", recipe.Services.Ssh!.Listen);
        Assert.Contains("python3-torch", recipe.Packages);
    }

    [Fact]
    public void An_unknown_preset_names_the_nearest()
    {
        var error = Assert.Throws<TorchyardException>(() => Preset.Get("cpuu"));
        Assert.Equal("TY1010", error.Code);
        Assert.Contains("did you mean 'cpu'?", error.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x10de", "0x030200", 1)]
    [InlineData("0x10de", "0x030000", 1)]
    [InlineData("0x10de", "0x068000", 0)]
    [InlineData("0x1002", "0x030000", 0)]
    public void Gpus_are_counted_by_pci_vendor_and_class(string vendor, string kind, int gpus)
    {
        var devices = Directory.CreateTempSubdirectory("torchyard-test-").FullName;
        var device = Directory.CreateDirectory(Path.Combine(devices, "0000:17:00.0")).FullName;
        File.WriteAllText(Path.Combine(device, "vendor"), vendor + "\n");
        File.WriteAllText(Path.Combine(device, "class"), kind + "\n");
        Assert.Equal(gpus, MachineSketch.Look(devices).NvidiaGpus);
        Directory.Delete(devices, recursive: true);
    }

    [Fact]
    public void A_machine_without_gpus_gets_cpu_without_a_warning_and_one_with_gpus_is_warned()
    {
        Assert.Equal(("cpu", null), (PresetChoice.For(new MachineSketch(0)).Preset, PresetChoice.For(new MachineSketch(0)).Warning));
        Assert.Contains("8 NVIDIA GPUs", PresetChoice.For(new MachineSketch(8)).Warning!, StringComparison.Ordinal);
    }
}
