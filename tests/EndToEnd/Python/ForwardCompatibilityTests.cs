using System.Security.Cryptography;
using System.Text.Json;
using Torchyard.EndToEnd.Gpus;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Gpus;

namespace Torchyard.EndToEnd.Python;

/// <summary>
/// A build that is too new for the driver, with a stand-in for NVIDIA's forward-compatibility libraries from a mirror in a directory.
/// </summary>
[Collection(PythonProjectTests.Name)]
public sealed class ForwardCompatibilityTests(PythonProject python)
{
    private const string Version = "590.48.01";
    private const string Archive = $"cuda_compat/linux-x86_64/cuda_compat-linux-x86_64-{Version}_cuda13.1-archive.tar.xz";
    private const string Recipe =
        "[python]\npackages = [\"torch\"]\n[fit]\ngpus = [\"a100\"]\ndriver = \"535.183.01\"\ntorch = \"2.11\"\nbuild = \"cu130\"\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_refusal_over_the_lock_to_a_container_that_uses_the_libraries_where_the_note_allows_it()
    {
        HostProgram.Require("xz");
        await using var index = StackWheels.Index("cp313");
        python.UseIndex(index.Root);
        var project = python.NewProject("forward", Recipe);

        var refused = (await python.Store.RunAsync(project, ["lock"], Cancellation)).Ended(1);
        Assert.Contains("error TY5209: PyTorch 2.11.0 cu130, Python 3.13 runs on ", refused.Error, StringComparison.Ordinal);
        Assert.Contains(
            "[cuda-compat] and below it accept-license = true; or take the nearest stack that does without, PyTorch 2.11.0 cu126, Python "
                + "3.13: --torch 2.11.0 --build cu126",
            refused.Error.ReplaceLineEndings(" "),
            StringComparison.Ordinal
        );
        (
            await python.Store.RunAsync(
                project,
                ["fit", "--gpu", "a100", "--driver", "535.183.01", "--torch", "2.11", "--build", "cu130"],
                Cancellation
            )
        )
            .Succeeded()
            .Printed(
                "needs    cuda-compat-13-0 in the image, from NVIDIA under its licence: [cuda-compat] accept-license = true in the recipe"
            );

        await WriteMirrorAsync(project, "first");
        PythonProject.WriteRecipe(
            project,
            "forward",
            $"{Recipe}[cuda-compat]\naccept-license = true\nmirrors = [\"file://{project}/mirror/\"]\n"
        );
        (await python.Store.RunAsync(project, ["lock"], Cancellation))
            .Succeeded()
            .Printed("PyTorch 2.11.0 cu130 for a100 with driver 535.183.01")
            .Printed(
                $"cuda-compat {Version} for CUDA 13.1 from NVIDIA, under its own licence: "
                    + "https://developer.download.nvidia.com/compute/cuda/redist/cuda_compat/LICENSE.txt"
            );
        var locked = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation);
        Assert.Contains(
            $"[cuda-compat]\nversion = \"{Version}\"\ncuda = \"13.1\"\nurl = "
                + $"\"https://developer.download.nvidia.com/compute/cuda/redist/{Archive}\"\n",
            locked,
            StringComparison.Ordinal
        );
        (await python.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Succeeded();
        (await python.Store.RunAsync(project, ["why", "cuda-compat"], Cancellation))
            .Succeeded()
            .Printed("runs CUDA 13.0.2 by forward compatibility only");

        // The mirror's archive changes under its version: the lock stays until it is asked for.
        await WriteMirrorAsync(project, "second");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("nothing changed");
        (await python.Store.RunAsync(project, ["lock", "--upgrade-package", "cuda-compat"], Cancellation))
            .Succeeded()
            .Printed($"cuda-compat (NVIDIA) {Version} (SHA-256 ");
        Assert.NotEqual(locked, await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation));

        var offline = (await python.Store.RunAsync(project, ["build", "--offline"], Cancellation)).Ended(1);
        Assert.Contains(
            $"cuda-compat {Version}: cuda_compat-linux-x86_64-{Version}_cuda13.1-archive.tar.xz",
            offline.Error,
            StringComparison.Ordinal
        );
        var digest = await python.BuildAsync(project, Cancellation);
        Assert.Contains($"NVIDIA cuda-compat {Version} for CUDA 13.1, under the licence ", Configuration(digest), StringComparison.Ordinal);

        const string Questions =
            "cat /usr/share/doc/cuda-compat/LICENSE; readlink -f /usr/local/cuda/compat/libcuda.so; ldconfig -p | grep -m 1 "
            + "'libcuda.so.1 '; env | grep compat; true";
        var without = (await python.Store.RunAsync(project, ["run", "--rm", "forward", "sh", "-c", Questions], Cancellation)).Succeeded();
        Assert.Equal($"terms\n/usr/local/cuda/compat/libcuda.so.{Version}\n", without.Output);

        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(1);
        var with = await machine.RunAsync(
            [TestStore.Program, "run", "--rm", "--gpus", "all", "forward", "sh", "-c", Questions],
            project,
            python.Store.Variables(),
            Cancellation
        );
        Assert.Contains("=> /usr/local/cuda/compat/libcuda.so.1\n", with.Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains($"compat driver {Version} of the image is used on the machine's 580.159.04", with.Error, StringComparison.Ordinal);
    }

    private string Configuration(string manifest)
    {
        using var document = JsonDocument.Parse(Blob(manifest));
        return Blob(document.RootElement.GetProperty("config").GetProperty("digest").GetString()!);

        string Blob(string digest) => File.ReadAllText(Path.Combine(python.Store.Store, "oci/blobs/sha256", digest["sha256:".Length..]));
    }

    /// <summary>A mirror with the driver of CUDA 13.0, whose file is not there, and the libraries of 13.1.</summary>
    private static async Task WriteMirrorAsync(string project, string content)
    {
        var mirror = Path.Combine(project, "mirror");
        var archive = Path.Combine(mirror, Archive);
        var top = Path.Combine(project, "made", Path.GetFileName(Archive)[..^".tar.xz".Length]);
        var compat = Directory.CreateDirectory(Path.Combine(top, "compat")).FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(archive)!);
        await File.WriteAllBytesAsync(
            Path.Combine(compat, $"libcuda.so.{Version}"),
            CompatLibrary.Make("13.1", 535, 550, 570, 575, 580, 590),
            Cancellation
        );
        await File.WriteAllTextAsync(Path.Combine(compat, $"libnvidia-ptxjitcompiler.so.{Version}"), content, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(top, "LICENSE"), "terms\n", Cancellation);
        (
            await HostProgram.RunAsync("ln", ["-sfn", $"libcuda.so.{Version}", Path.Combine(compat, "libcuda.so.1")], Cancellation)
        ).Succeeded();
        (
            await HostProgram.RunAsync("tar", ["-C", Path.GetDirectoryName(top)!, "-cJf", archive, Path.GetFileName(top)], Cancellation)
        ).Succeeded();
        var bytes = await File.ReadAllBytesAsync(archive, Cancellation);
        await File.WriteAllTextAsync(
            Path.Combine(mirror, "redistrib_13.0.3.json"),
            """{"nvidia_driver": {"version": "580.126.20", "linux-x86_64": {"relative_path": "nvidia_driver/linux-x86_64/nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz", "sha256": "81f53cda334f2e59610ec0237149d829f3e1be96ed20113998801445fc96cdf6", "size": "492770800"}}}""",
            Cancellation
        );
        await File.WriteAllTextAsync(
            Path.Combine(mirror, "redistrib_13.1.1.json"),
            $$$$$"""{"cuda_compat": {"version": "{{{{{Version}}}}}", "license_path": "cuda_compat/LICENSE.txt", "linux-x86_64": {"cuda13.1": {"relative_path": "{{{{{Archive}}}}}", "sha256": "{{{{{Convert.ToHexStringLower(SHA256.HashData(bytes))}}}}}", "size": "{{{{{bytes.Length}}}}}"}}}}""",
            Cancellation
        );
    }
}
