using CsCheck;
using Torchyard.Images.Capture.Elf;
using Torchyard.Platform.Processes;

namespace Torchyard.Images.Tests.Capture;

/// <summary>ELF files made by the machine's own compiler.</summary>
public sealed class ElfTests : IDisposable
{
    private static readonly string? Gcc = ((string[])["/usr/bin/gcc", "/usr/bin/cc"]).FirstOrDefault(File.Exists);
    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public async Task Names_and_search_path_are_read_as_the_linker_wrote_them()
    {
        await LibraryAsync("/usr/lib/libbase.so.1");
        await LibraryAsync(
            "/opt/env/lib/libtop.so",
            ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/../other:/opt/x", _machine.Root + "/usr/lib/libbase.so.1"]
        );

        var top = ElfImage.TryRead(_machine.Root + "/opt/env/lib/libtop.so");

        Assert.NotNull(top);
        Assert.Equal("libtop.so", top.Soname);
        Assert.Equal("libbase.so.1", top.Needed[0]);
        Assert.Equal(["$ORIGIN/../other", "/opt/x"], top.RunPath);
        Assert.Empty(top.RPath);
        Assert.Null(top.Interpreter);
    }

    [Fact]
    public async Task Libraries_outside_are_followed_and_those_of_the_environment_are_not()
    {
        await LibraryAsync("/usr/lib/libdeep.so.1");
        await LibraryAsync("/usr/lib/libbase.so.1", [_machine.Root + "/usr/lib/libdeep.so.1"]);
        await LibraryAsync("/opt/env/lib/libown.so.3");
        await LibraryAsync(
            "/opt/env/lib/libtop.so",
            ["-Wl,-rpath,$ORIGIN", _machine.Root + "/usr/lib/libbase.so.1", _machine.Root + "/opt/env/lib/libown.so.3"]
        );

        var closure = Follow("/opt/env/lib/libtop.so", "/opt/env/lib/libown.so.3");

        Assert.Equal(["/lib/libbase.so.1", "/lib/libdeep.so.1"], closure.Found.Keys);
        Assert.Equal("/opt/env/lib/libtop.so", closure.Found["/lib/libbase.so.1"]);
        Assert.Equal("/usr/lib/libbase.so.1", closure.Found["/lib/libdeep.so.1"]);
    }

    [Fact]
    public async Task An_rpath_is_handed_down_to_what_is_loaded_and_a_runpath_is_not()
    {
        await LibraryAsync("/opt/env/private/libhidden.so.1");
        await LibraryAsync("/usr/lib/libmiddle.so.1", [_machine.Root + "/opt/env/private/libhidden.so.1"]);
        await LibraryAsync(
            "/opt/env/lib/libold.so",
            ["-Wl,--disable-new-dtags,-rpath,$ORIGIN/../private", _machine.Root + "/usr/lib/libmiddle.so.1"]
        );
        await LibraryAsync(
            "/opt/env/lib/libnew.so",
            ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/../private", _machine.Root + "/usr/lib/libmiddle.so.1"]
        );

        Assert.DoesNotContain(Follow("/opt/env/lib/libold.so").Missing, missing => missing.Name == "libhidden.so.1");
        Assert.Contains(Follow("/opt/env/lib/libnew.so").Missing, missing => missing.Name == "libhidden.so.1");
    }

    [Fact]
    public async Task The_drivers_libraries_are_named_and_not_taken()
    {
        await LibraryAsync("/usr/local/nvidia/lib64/libcuda.so.1");
        await LibraryAsync("/opt/env/lib/libtorch_cuda.so", [_machine.Root + "/usr/local/nvidia/lib64/libcuda.so.1"]);

        var closure = Follow("/opt/env/lib/libtorch_cuda.so");

        Assert.Equal(["libcuda.so.1"], closure.Drivers);
        Assert.DoesNotContain(closure.Found.Keys, path => path.Contains("libcuda", StringComparison.Ordinal));
        Assert.DoesNotContain(closure.Missing, missing => missing.Name.Contains("libcuda", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_environments_CUDA_goes_before_the_machines_toolkit()
    {
        await LibraryAsync("/opt/env/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13");
        await LibraryAsync("/usr/lib/libcublas.so.13");
        await LibraryAsync("/opt/env/lib/libplugin.so", [_machine.Root + "/usr/lib/libcublas.so.13"]);

        Assert.DoesNotContain(
            Follow("/opt/env/lib/libplugin.so", "/opt/env/lib/python3.12/site-packages/nvidia/cu13/lib/libcublas.so.13").Found.Keys,
            path => path.Contains("libcublas", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Damaged_files_are_read_or_refused_and_never_more()
    {
        await LibraryAsync("/opt/env/lib/liba.so", ["-Wl,-rpath,$ORIGIN/x"]);
        var good = await File.ReadAllBytesAsync(_machine.Root + "/opt/env/lib/liba.so", TestContext.Current.CancellationToken);
        var path = _machine.Root + "/damaged";

        // The headers and the dynamic section are where damage matters; single files, because they are on disk.
        Gen.Select(Gen.Int[0, 1024], Gen.Byte, Gen.Int[0, good.Length])
            .Array[1, 8]
            .Sample(
                changes =>
                {
                    var bytes = good.AsSpan(0, changes[0].Item3).ToArray();
                    foreach (var (at, value, _) in changes)
                    {
                        if (at < bytes.Length)
                        {
                            bytes[at] = value;
                        }
                    }

                    File.WriteAllBytes(path, bytes);
                    _ = ElfImage.TryRead(path);
                },
                iter: 500,
                threads: 1
            );
    }

    private LibraryClosure Follow(params string[] files)
    {
        var closure = new LibraryClosure(_machine.Tree, path => path.StartsWith("/opt/env/", StringComparison.Ordinal));
        closure.Add(files, files.Select(file => Path.GetFileName(file)).ToHashSet(), TestContext.Current.CancellationToken);
        return closure;
    }

    private async Task LibraryAsync(string path, IEnumerable<string>? arguments = null)
    {
        Assert.SkipWhen(Gcc is null, "there is no gcc on this machine");
        var output = _machine.Root + path;
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        var source = Path.Combine(_machine.Root, "source.c");
        await File.WriteAllTextAsync(source, "int one(void) { return 1; }\n", TestContext.Current.CancellationToken);
        var result = await HostCommand.RunAsync(
            HostProgram.At(Gcc!),
            [
                "-shared",
                "-fPIC",
                "-nostdlib",
                "-Wl,--no-as-needed,--allow-shlib-undefined",
                "-Wl,-soname," + Path.GetFileName(path),
                source,
                "-o",
                output,
                .. arguments ?? [],
            ],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
