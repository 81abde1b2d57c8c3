namespace Torchyard.EndToEnd.Python;

/// <summary>PyTorch stacks by the fit: what the lock has is exactly what the wheels' METADATA ask for.</summary>
[Collection(PythonProjectTests.Name)]
public sealed class StackTests(PythonProject python)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_environment_of_an_h100_machine_resolves_to_exactly_its_197_distributions()
    {
        await using var index = StackWheels.Index("cp313");
        python.UseIndex(index.Root);
        Assert.Equal(197, StackWheels.Environment211.Count);
        var project = python.NewProject(
            "h100",
            $"[python]\npackages = [{string.Join(", ", StackWheels.Requested211.Select(name => $"\"{name}\""))}]\n[fit]\ngpus = "
                + $"[\"h100\"]\ntorch = \"2.11\"\ndriver = \"580.95.05\""
        );

        var locked = await python.Store.RunAsync(project, ["lock"], Cancellation);

        locked
            .Succeeded()
            .Printed("PyTorch 2.11.0 cu130 for h100 with driver 580.95.05 (CUDA 13.0.2, cuDNN 9.19.0.56, NCCL 2.28.9, Triton 3.6.0)");
        Assert.Equal(StackWheels.Environment211, PythonProject.Locked(project).Order());
        (await python.Store.RunAsync(project, ["why", "nvidia-cublas"], Cancellation)).Succeeded().Printed("cuda-toolkit → nvidia-cublas");
    }

    [Fact]
    public async Task Torch_and_build_lead_to_the_libraries_that_the_wheel_pins()
    {
        await using var index = StackWheels.Index("cp313");
        python.UseIndex(index.Root);
        var project = python.NewProject("lines", "[python]\npackages = [\"torch\", \"torchvision\"]\n[fit]\ngpus = [\"h100\"]");
        // Each release and each build once, or all of them.
        var all = System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is { Length: > 0 };
        foreach (
            var (torch, build, pins) in StackWheels.Reconstructed.Where(row =>
                all || row is ("2.8.0", "cu126", _) or ("2.9.1", "cu128", _) or ("2.10.0", "cu130", _)
            )
        )
        {
            var locked = await python.Store.RunAsync(
                project,
                ["lock", "--torch", torch, "--build", build, "--driver", build == "cu130" ? "580.95.05" : "535.183.01"],
                Cancellation
            );

            locked.Succeeded().Printed($"PyTorch {torch} {build} for h100");
            var expected = pins.Select(pin => pin.Split("==")[0])
                .Concat(StackWheels.TorchBase)
                .Concat(["numpy", "pillow", "torch", "torchvision"])
                .Concat(pins.Any(pin => pin.StartsWith("cuda-bindings", StringComparison.Ordinal)) ? ["cuda-bindings"] : [])
                .Distinct()
                .Order(StringComparer.Ordinal);
            var packages = PythonProject.Locked(project);
            Assert.Equal(expected, packages.Select(package => package.Name).Order(StringComparer.Ordinal));
            Assert.All(pins, pin => Assert.Contains((pin.Split("==")[0], pin.Split("==")[1]), packages));
            Assert.Contains(packages, package => package.Name == "torch" && package.Version == $"{torch}+{build}");
        }
    }

    [Fact]
    public async Task Debians_own_cuda_locks_without_any_index_of_python()
    {
        // From contrib and non-free; 2.6 GB and cuDNN, so that it is not built here.
        var directory = python.Store.NewProject("debian-cuda");
        var recipe = Path.Combine(directory, "torchyard.toml");
        const string Packages =
            "name = \"debian-cuda\"\npackages = [\"python3-torch-cuda\"]\n[base]\nsuite = \"trixie\"\ncomponents = [\"main\", "
            + "\"contrib\", \"non-free\"]\n";
        await File.WriteAllTextAsync(recipe, Packages, Cancellation);
        var refused = await python.Store.RunAsync(directory, ["lock"], Cancellation);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("TY1016", refused.Error, StringComparison.Ordinal);
        Assert.Contains("accept-license = true", refused.Error, StringComparison.Ordinal);

        // A mirror as a directory: the manifest is all that 'lock' reads of it. The numbers are NVIDIA's.
        const string Archive = "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz";
        const string Hash = "d3890e609d6530ee5b88ff95b60c8e6b1c1ec7fa966ec533925f20f896fcc630";
        await File.WriteAllTextAsync(
            Path.Combine(directory, "redistrib_9.0.0.json"),
            $$$$$"""{"cudnn": {"version": "9.0.0.312", "license_path": "cudnn/LICENSE.txt", "linux-x86_64": {"cuda12": {"relative_path": "{{{{{Archive}}}}}", "sha256": "{{{{{Hash}}}}}", "size": "884762828"}}}}""",
            Cancellation
        );
        await File.WriteAllTextAsync(
            recipe,
            $"{Packages}[cudnn]\naccept-license = true\nmirrors = [\"file://{directory}/\"]\n",
            Cancellation
        );

        (await python.Store.RunAsync(directory, ["lock", "--gpu", "h100", "--driver", "535.183.01"], Cancellation))
            .Succeeded()
            .Printed("PyTorch 2.6.0 debian-cu124 for h100 with driver 535.183.01 (CUDA 12.4.1, cuDNN 9.0.0.312, NCCL 2.22.3)")
            .Printed(
                "cuDNN 9.0.0.312 for CUDA 12 from NVIDIA, under its own licence: "
                    + "https://developer.download.nvidia.com/compute/cudnn/redist/cudnn/LICENSE.txt"
            );

        var locked = await File.ReadAllTextAsync(Path.Combine(directory, "torchyard.lock"), Cancellation);
        Assert.All(["libtorch-cuda-2.6", "libcublas12", "libnccl2", "nvidia-cudnn"], name =>
            Assert.Contains($"name = \"{name}\"", locked, StringComparison.Ordinal)
        );
        Assert.Contains(
            $"url = \"https://developer.download.nvidia.com/compute/cudnn/redist/{Archive}\"\nsize = 884762828\nsha256 = \"{Hash}\"",
            locked,
            StringComparison.Ordinal
        );

        // Another archive under the same version: its hash is taken when it is asked for, and shown.
        var manifest = Path.Combine(directory, "redistrib_9.0.0.json");
        await File.WriteAllTextAsync(
            manifest,
            (await File.ReadAllTextAsync(manifest, Cancellation)).Replace(Hash, new string('a', 64), StringComparison.Ordinal),
            Cancellation
        );
        (await python.Store.RunAsync(directory, ["lock", "--upgrade-package", "nvidia-cudnn"], Cancellation))
            .Succeeded()
            .Printed($"cudnn (NVIDIA) 9.0.0.312 (SHA-256 {Hash[..12]}…) -> 9.0.0.312 (SHA-256 {new string('a', 12)}…)");
        Assert.Contains(
            $"sha256 = \"{new string('a', 64)}\"",
            await File.ReadAllTextAsync(Path.Combine(directory, "torchyard.lock"), Cancellation),
            StringComparison.Ordinal
        );
        var unfit = await python.Store.RunAsync(directory, ["lock", "--gpu", "rtx-3090", "--driver", "515.65.01"], Cancellation);
        Assert.Equal(1, unfit.ExitCode);
        Assert.Contains("TY5213", unfit.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_machine_a_fleet_and_what_cannot_work()
    {
        await using var index = StackWheels.Index("cp313");
        python.UseIndex(index.Root);
        var project = python.NewProject("fleet", "[python]\npackages = [\"torch\"]\n[fit]\ngpus = [\"h100\"]");

        // Without a driver: the family that the oldest drivers run, in the build that PyPI has.
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("PyTorch 2.9.1 cu128 for h100");
        (await python.Store.RunAsync(project, ["lock", "--gpu", "h100", "--driver", "535.183.01", "--glibc", "2.31"], Cancellation))
            .Succeeded()
            .Printed("PyTorch 2.9.1 cu126 for h100 with driver 535.183.01");
        Assert.Contains(
            "glibc = \"2.31\"",
            await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation),
            StringComparison.Ordinal
        );

        File.WriteAllText(
            Path.Combine(project, "one.toml"),
            "[[machine]]\nname = \"old\"\ngpus = [\"a100\"]\ndriver = \"535.183.01\"\n[[machine]]\nname = \"new\"\ngpus = "
                + "[\"h100\"]\ndriver = \"580.95.05\"\n"
        );
        (await python.Store.RunAsync(project, ["lock", "--fleet", "one.toml"], Cancellation))
            .Succeeded()
            .Printed("for a100 with driver 535.183.01; h100 with driver 580.95.05");
        // Pascal is in no build with code for Blackwell.
        File.WriteAllText(
            Path.Combine(project, "two.toml"),
            "[[machine]]\nname = \"pascal\"\ngpus = [\"p100\"]\ndriver = \"535.183.01\"\n[[machine]]\nname = \"blackwell\"\ngpus = "
                + "[\"b200\"]\ndriver = \"580.95.05\"\n"
        );
        (await python.Store.RunAsync(project, ["lock", "--fleet", "two.toml"], Cancellation))
            .Succeeded()
            .Printed("No PyTorch fits all machines");
        Assert.Contains(("torch", "2.9.1+cu126"), PythonProject.Locked(project, "torchyard.torch-2.9.1-cu126.lock"));
        Assert.Contains(PythonProject.Locked(project, "torchyard.torch-2.9.1-cu128.lock"), package =>
            package is ("torch", "2.9.1" or "2.9.1+cu128")
        );

        Assert.False(File.Exists(Path.Combine(project, "torchyard.lock")), "the lock for one machine would be taken for that of the fleet");
        (await python.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Succeeded();

        var refused = await python.Store.RunAsync(
            project,
            ["lock", "--torch", "2.11", "--build", "cu130", "--gpu", "rtx-3090", "--driver", "560.35.05"],
            Cancellation
        );
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("TY5208", refused.Error, StringComparison.Ordinal);
        Assert.Contains("no driver.forward", refused.Error, StringComparison.Ordinal);
        Assert.Contains("the nearest stack that fits is PyTorch 2.11.0 cu126", refused.Error, StringComparison.Ordinal);

        var both = python.NewProject(
            "mixed",
            "[python]\npackages = [\"torch\", \"nvidia-nccl-cu13\"]\n[fit]\ngpus = [\"h100\"]\ndriver = \"535.183.01\""
        );
        var mixed = await python.Store.RunAsync(both, ["lock"], Cancellation);
        Assert.Equal(1, mixed.ExitCode);
        Assert.Contains("TY5211", mixed.Error, StringComparison.Ordinal);
        Assert.Contains("nvidia-nccl-cu12 and nvidia-nccl-cu13 are both in the set", mixed.Error, StringComparison.Ordinal);
    }
}
