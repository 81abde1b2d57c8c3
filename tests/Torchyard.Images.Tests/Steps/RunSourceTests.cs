using Torchyard.Images.Sandbox;
using Torchyard.Images.Steps;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Steps;

/// <summary>Commands of a recipe: what they are started with, and what of their work is kept.</summary>
public sealed class RunSourceTests : IDisposable
{
    private static readonly RunStep Step = new() { Name = "make it", Command = RunStep.OfText("make install") };

    private readonly StepsBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_step_gets_nothing_of_the_machine_and_what_makes_tools_repeat_themselves()
    {
        var sandbox = new FakeSandbox(_ => new SandboxResult(0, ""));
        await _bench.MakeAsync(
            new RunSource(),
            _bench.Lock(
                [],
                Step with
                {
                    Environment = new Dictionary<string, string> { ["TZ"] = "Asia/Tokyo", ["A"] = "b" },
                }
            ),
            sandbox
        );

        var request = Assert.Single(sandbox.Requests);
        Assert.False(request.HostNetwork);
        Assert.Empty(request.ReadOnlyMounts);
        Assert.Empty(request.WritableMounts);
        Assert.Equal(["/bin/sh", "-c", "exec \"$@\"", "step", "/bin/sh", "-ec", "make install"], request.Arguments);
        Assert.Equal(
            [
                "A=b",
                "DEBIAN_FRONTEND=noninteractive",
                "HOME=/root",
                "LANG=C.UTF-8",
                "LC_ALL=C.UTF-8",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PYTHONDONTWRITEBYTECODE=1",
                "PYTHONHASHSEED=0",
                "SOURCE_DATE_EPOCH=1600000000",
                "TZ=Asia/Tokyo",
            ],
            request.Environment.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Upon_an_image_a_step_has_its_search_path_and_no_other_variable_of_it()
    {
        var sandbox = new FakeSandbox(_ => new SandboxResult(0, ""));
        var locked = _bench.Lock([], Step);
        await _bench.MakeAsync(
            new RunSource(),
            locked with
            {
                Base = new LockedBase
                {
                    Manifest = default,
                    Architecture = "amd64",
                    Environment = ["PATH=/opt/project/bin:/opt/conda/bin:/bin", "LD_LIBRARY_PATH=/opt/conda/lib"],
                    Layers = [],
                },
            },
            sandbox
        );

        var environment = Assert.Single(sandbox.Requests).Environment;
        Assert.Equal("/opt/conda/bin:/bin", environment["PATH"]);
        Assert.DoesNotContain("LD_LIBRARY_PATH", environment.Keys);
    }

    [Fact]
    public async Task Each_step_is_a_layer_upon_those_before_it_and_is_not_run_again_while_nothing_changed()
    {
        var number = 0;
        var sandbox = new FakeSandbox(request =>
        {
            File.WriteAllText($"{request.Upper}/made-{++number}", "");
            return new SandboxResult(0, "");
        });
        var second = new RunStep { Command = ["second"] };
        var made = await _bench.MakeAsync(new RunSource(), _bench.Lock([], Step, second), sandbox);

        Assert.Equal([true, true], made.Select((layer, index) => File.Exists($"{layer.Root}/made-{index + 1}")));
        Assert.Equal([1, 2], sandbox.Requests.Select(request => request.Lower.Count));
        Assert.Contains("Running step 2 of 2: second", _bench.Notes.Lines);

        Assert.Equal(made, await _bench.MakeAsync(new RunSource(), _bench.Lock([], Step with { Name = "other" }, second), sandbox));
        Assert.Equal(2, sandbox.Requests.Count);
        await _bench.MakeAsync(new RunSource(), _bench.Lock([], Step, second with { Command = ["third"] }), sandbox);
        Assert.Equal(3, sandbox.Requests.Count);
        await _bench.MakeAsync(
            new RunSource(),
            _bench.Lock([], Step with { Environment = new Dictionary<string, string> { ["A"] = "b" } }, second),
            sandbox
        );
        Assert.Equal(5, sandbox.Requests.Count);
        _bench.BaseKey = "other packages";
        await _bench.MakeAsync(new RunSource(), _bench.Lock([], Step), sandbox);
        Assert.Equal(6, sandbox.Requests.Count);
    }

    [Fact]
    public async Task A_step_that_fails_says_which_it_is_how_it_ended_and_what_it_printed_last()
    {
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            _bench.MakeAsync(new RunSource(), _bench.Lock([], Step), new FakeSandbox(_ => new SandboxResult(2, "make: no rule\n")))
        );

        Assert.Equal("TY3024", error.Code);
        Assert.Equal("step 1 of 1 of the recipe, 'make it', failed with exit code 2:\nmake: no rule", error.Message);
    }

    [Fact]
    public async Task Secrets_pipes_and_what_each_container_has_of_its_own_are_taken_out_and_told()
    {
        var root = await RunAsync(upper =>
        {
            Write($"{upper}/etc/app/key.pem", "-----BEGIN PRIVATE KEY-----\n");
            Write($"{upper}/etc/machine-id", "1");
            Write($"{upper}/etc/ssh/ssh_host_rsa_key", "x");
            Write($"{upper}/root/.cache/pip/x", "x");
            Write($"{upper}/tmp/x", "x");
            Write($"{upper}/var/log/made.log", "at 12:00");
            Write($"{upper}/usr/lib/python3/__pycache__/a.pyc", "x");
            Write($"{upper}/etc/kept", "kept");
            System.Diagnostics.Process.Start("mkfifo", [$"{upper}/etc/pipe"]).WaitForExit();
        });

        Assert.Equal(
            ["etc/kept", "var/log/made.log"],
            Directory
                .GetFiles(root, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(root, path))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal("", File.ReadAllText($"{root}/var/log/made.log"));
        Assert.Equal(
            [
                "taken out of the image: /etc/machine-id, which the step 'make it' wrote; each container gets its own",
                "taken out of the image: /etc/app/key.pem, a secret that the step 'make it' made or changed while the image was built; "
                    + "every copy of the image would share it, so make it in the container",
                "taken out of the image: /etc/pipe, a FIFO that the step 'make it' made",
            ],
            _bench.Notes.Lines.Where(line => line.StartsWith("taken out", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_key_that_the_project_has_among_its_files_stays_where_a_step_only_touched_it()
    {
        const string Key = "-----BEGIN PRIVATE KEY-----\n";
        Write($"{_bench.Base}/etc/app/key.pem", Key);
        var root = await RunAsync(upper => Write($"{upper}/etc/app/key.pem", Key));
        Assert.Equal(Key, File.ReadAllText($"{root}/etc/app/key.pem"));
    }

    [Fact]
    public async Task A_set_id_program_that_a_step_makes_is_told_and_one_of_a_package_is_not()
    {
        foreach (var path in new[] { $"{_bench.Base}/usr/bin/su", $"{_bench.Base}/usr/bin/sh" })
        {
            Write(path, "x");
        }

        File.SetUnixFileMode($"{_bench.Base}/usr/bin/su", (UnixFileMode)0x9ED);
        await RunAsync(upper =>
        {
            foreach (var path in new[] { $"{upper}/usr/bin/su", $"{upper}/usr/bin/sh" })
            {
                Write(path, "y");
                File.SetUnixFileMode(path, (UnixFileMode)0x9ED);
            }
        });

        Assert.StartsWith(
            "/usr/bin/sh of the image gives who starts it the rights",
            Assert.Single(_bench.Notes.Lines, line => line.Contains("set-id", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_name_that_would_remove_another_file_is_refused()
    {
        var error = await Assert.ThrowsAsync<TorchyardException>(() => RunAsync(upper => Write($"{upper}/etc/.wh.passwd", "")));
        Assert.Equal("TY3026", error.Code);
    }

    [Fact]
    public async Task What_a_step_did_not_change_is_no_part_of_its_layer()
    {
        Directory.CreateDirectory($"{_bench.Base}/tmp");
        Directory.CreateDirectory($"{_bench.Base}/etc");
        var root = await RunAsync(upper =>
        {
            Write($"{upper}/tmp/x", "x");
            Directory.CreateDirectory($"{upper}/etc");
        });
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public void A_step_has_a_reason_by_its_name()
    {
        var locked = _bench.Lock([], Step with { Command = RunStep.OfText("a\nb") });
        Assert.Equal("[[run]] of the recipe has it: a b", new RunSource().Explain(locked, "make it")!.Facts[0]);
        Assert.Null(new RunSource().Explain(locked, "make"));
    }

    private async Task<string> RunAsync(Action<string> change) =>
        Assert
            .Single(
                await _bench.MakeAsync(
                    new RunSource(),
                    _bench.Lock([], Step),
                    new FakeSandbox(request =>
                    {
                        change(request.Upper!);
                        return new SandboxResult(0, "");
                    })
                )
            )
            .Root;

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
