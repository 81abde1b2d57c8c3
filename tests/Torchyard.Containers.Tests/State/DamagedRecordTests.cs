using System.Diagnostics;
using System.Globalization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Repair;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Tests.State;

/// <summary>Records of containers that a crash, a disk or a hand damaged: the others are listed, and what can be restored is.</summary>
public sealed class DamagedRecordTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<Process> _programs = [];

    private StorePaths Paths => new(Path.Combine(_directory.Path, "store"));

    private ContainerStore Store => new(Paths, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var program in _programs)
        {
            program.Kill();
            program.Dispose();
        }

        _directory.Dispose();
    }

    [Theory]
    [InlineData("state.json", "")]
    [InlineData("state.json", "{}")]
    [InlineData("state.json", "{\"status\":\"Running\",\"init\":nul")]
    [InlineData("container.json", "")]
    [InlineData("container.json", "{}")]
    [InlineData("container.json", "[]")]
    public async Task One_bad_record_leaves_the_others_listed_and_its_own_container_too(string file, string content)
    {
        Make("good");
        var bad = Make("bad");
        File.WriteAllText(Path.Combine(bad.Root, file), content);
        var told = new List<ContainerInfo>();

        var found = await new ContainerStore(Paths, TimeProvider.System, told.Add).ListAsync(Cancellation);

        Assert.Equal(["bad", "good"], found.Select(container => container.Record.Name).Order());
        Assert.Contains(file, Assert.Single(told).Damage, StringComparison.Ordinal);
        Assert.True(Directory.Exists(bad.Root));
    }

    [Fact]
    public async Task A_running_container_whose_records_are_gone_is_listed_stopped_and_removed()
    {
        var directory = Make("lost", running: true);
        File.Delete(directory.Record);
        File.Delete(directory.RecordCopy);
        File.Delete(directory.State);
        File.SetLastWriteTimeUtc(directory.Root, DateTime.UtcNow.AddMinutes(-1));
        Directory.SetLastWriteTimeUtc(directory.Root, DateTime.UtcNow.AddMinutes(-1));

        var found = await Store.FindAsync(directory.Id[..12], Cancellation);
        Assert.True(found.IsRunning);
        Assert.False(found.Record.IsKnown);
        var session = new ContainerSession(Store, found.Record, global::Torchyard.Containers.Namespaces.SelfProgram.Current);
        var refused = await Assert.ThrowsAsync<TorchyardException>(() =>
            session.ExecAsync(new ExecRequest { Command = ["true"] }, Cancellation)
        );
        Assert.Equal("TY4080", refused.Code);

        await session.StopAsync(TimeSpan.Zero, Cancellation);
        Assert.True(_programs[0].WaitForExit(TimeSpan.FromSeconds(30)));
        await Store.RemoveAsync(await Store.FindAsync(directory.Id, Cancellation), Cancellation);
        Assert.False(Directory.Exists(directory.Root));
    }

    [Fact]
    public async Task Check_restores_the_record_from_its_copy_and_the_state_from_the_process()
    {
        var directory = Make("both", running: true);
        File.WriteAllText(directory.Record, "{");
        File.WriteAllText(directory.State, "[]");

        foreach (var problem in await new ContainerCheck(Store).FindAsync(Cancellation))
        {
            Assert.Null(problem.Repair());
        }

        Assert.Empty(await new ContainerCheck(Store).FindAsync(Cancellation));
        var found = await Store.FindAsync("both", Cancellation);
        Assert.Null(found.Damage);
        Assert.Equal(_programs[0].Id, found.State.Init?.Id);
    }

    [Fact]
    public async Task A_record_of_another_container_is_not_believed()
    {
        var (one, other) = (Make("one"), Make("other"));
        File.Copy(other.Record, one.Record, overwrite: true);
        Assert.Equal(["one", "other"], (await Store.ListAsync(Cancellation)).Select(container => container.Record.Name).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_happens_to_records_nothing_throws_and_the_others_are_listed(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            var good = Make("good");
            var bad = Make("bad");
            string[] files = [bad.Record, bad.RecordCopy, bad.State];
            var how = string.Join(
                "; ",
                files.OrderBy(_ => random.Next()).Take(random.Next(1, 4)).Select(file => RecordDamage.Apply(file, random)).ToList()
            );
            try
            {
                Assert.Contains(await Store.ListAsync(Cancellation), container => container.Record.Id == good.Id);
                foreach (var problem in await new ContainerCheck(Store).FindAsync(Cancellation))
                {
                    problem.Repair();
                }

                Assert.Contains(await Store.ListAsync(Cancellation), container => container.Record.Id == good.Id);
                foreach (var container in await Store.ListAsync(Cancellation))
                {
                    await Store.RemoveAsync(container, Cancellation);
                }
            }
            catch (Exception failure) when (failure is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"{how}: {failure}");
            }

            Directory.Delete(Paths.Containers, recursive: true);
        }
    }

    private ContainerDirectory Make(string name, bool running = false)
    {
        var directory = new ContainerDirectory(Path.Combine(Paths.Containers, ContainerId.New()));
        Directory.CreateDirectory(directory.Upper);
        ProcessIdentity? init = null;
        if (running)
        {
            var program = Process.Start("sleep", "600");
            _programs.Add(program);
            init = ProcessIdentity.Of(program.Id);
            File.WriteAllText(directory.PidFile, program.Id.ToString(CultureInfo.InvariantCulture) + "\n");
        }

        directory.Write(
            new ContainerState
            {
                Status = running ? ContainerStatus.Running : ContainerStatus.Exited,
                Init = init,
                Started = 1,
                Finished = 2,
                ExitCode = 0,
            }
        );
        var record = new ContainerRecord
        {
            Id = directory.Id,
            Name = name,
            ImageName = "busybox",
            ImageDigest = Digest.Of("busybox"u8).ToString(),
            Created = 1_700_000_000,
            Command = ["sleep", "600"],
            Labels = new Dictionary<string, string> { ["a"] = "b" },
            Runtime = new OciRuntime(OciRuntimeKind.Crun, ["/usr/bin/crun"]),
            Rootless = false,
            CallerInside = 1000,
            FullMapping = false,
            Network = NetworkMode.Host,
            Ports = [new PortMapping("127.0.0.1", 8888, 8888)],
            Limits = new EffectiveLimits
            {
                Memory = 1 << 30,
                Cpus = 2,
                SharedMemory = 1 << 20,
                Processes = 100,
            },
            NotEnforced = [],
            Remove = false,
            Terminal = false,
            Interactive = false,
            StopSignal = "SIGTERM",
            StopTimeout = 10,
            Cgroups = new Dictionary<string, string>(),
            RuntimeCgroup = false,
            Mounts =
            [
                new MountRequest
                {
                    Kind = MountKind.Bind,
                    Source = "/data",
                    Target = "/data",
                },
            ],
            Gpus = [new GrantedGpu(0, "GPU-1", "A100", null)],
        };
        directory.Write(record);
        directory.WriteCopy(record);
        return directory;
    }
}
