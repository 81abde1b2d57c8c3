using Torchyard.Containers.Gpus;
using Torchyard.Machine.Files;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

/// <summary>What users of a machine say of their GPUs, and what others say in their place.</summary>
public sealed class GpuClaimsTests : IDisposable
{
    private const int Process = 4242;
    private const long Start = 1000;
    private static readonly string[] Gpus = ["GPU-aa"];
    private static readonly string Good =
        $$"""{"version":1,"processId":{{Process}},"startTime":{{Start}},"name":"vision","gpus":["GPU-aa"]}""";

    private readonly TemporaryDirectory _root = new();
    private readonly FakeProcesses _machine;

    public GpuClaimsTests()
    {
        _machine = new FakeProcesses(_root.Path);
        _machine.Add(Process, Start);
        _ = _machine.ClaimFile();
    }

    private GpuClaims Claims => new(new MachineFiles(_root.Path));

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_claim_counts_while_its_process_lives()
    {
        _machine.Claim(Process, Start, ["GPU-aa", "MIG-bb"], "vision", new string('a', 64));

        var claim = Assert.Single(Claims.Held());
        Assert.Equal(
            (FakeProcesses.Me, Process, "vision", new string('a', 64)),
            (claim.User, claim.ProcessId, claim.Name, claim.Container)
        );
        Assert.Equal(["GPU-aa", "MIG-bb"], claim.Gpus);

        _machine.Add(Process, Start, state: 'Z');
        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void What_a_dead_process_left_counts_for_nothing_also_when_its_number_is_used_again()
    {
        _machine.Claim(4243, Start, Gpus);
        _machine.Claim(Process, Start - 1, Gpus);

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void Nobody_says_it_of_another_user()
    {
        // The record is a file of the tests' user, the process is somebody else's.
        _machine.Add(5000, Start, user: FakeProcesses.Me + 1);
        _machine.Claim(5000, Start, Gpus);

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void Another_user_says_it_for_that_user_alone()
    {
        Requires.Root("root is needed to give a file to another user");
        _machine.Add(5000, Start, user: 1234);
        Chown(_machine.Claim(5000, Start, Gpus), 1234);
        Chown(_machine.Claim(Process, Start, Gpus), 1234);

        Assert.Equal((1234u, 5000), Assert.Single(Claims.Held()) is var claim ? (claim.User, claim.ProcessId) : default);
    }

    [Fact]
    public void Links_are_not_followed()
    {
        var elsewhere = _root.Write("elsewhere", Good);
        File.CreateSymbolicLink(_machine.ClaimFile(), elsewhere);
        File.CreateSymbolicLink(_machine.ClaimFile(), "/dev/zero");

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void A_second_name_of_a_file_does_not_count()
    {
        var file = _machine.Claim(Good);
        Assert.Single(Claims.Held());

        Assert.Equal(0, NameCalls.MakeHardLink(file, _root.File("second")));

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public async Task A_FIFO_holds_nobody_up()
    {
        Fifo.Make(_machine.ClaimFile());
        Directory.CreateDirectory(_machine.ClaimFile());

        var held = await Task.Run(() => Claims.Held()).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Empty(held);
    }

    [Theory]
    [InlineData("vision\u202e")]
    [InlineData("\u001b[2J")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("vision\n")]
    public void A_name_that_no_container_has_makes_a_record_worthless(string name)
    {
        _machine.Claim(Process, Start, Gpus, name);

        Assert.Empty(Claims.Held());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":2,"processId":4242,"startTime":1000,"gpus":["GPU-aa"]}""")]
    [InlineData("""{"version":1,"processId":-1,"startTime":1000,"gpus":["GPU-aa"]}""")]
    [InlineData("""{"version":1,"processId":4242,"startTime":1000,"gpus":[]}""")]
    [InlineData("""{"version":1,"processId":4242,"startTime":1000,"gpus":[null]}""")]
    [InlineData("""{"version":1,"processId":4242,"startTime":1000,"gpus":["all"]}""")]
    [InlineData("""{"version":1,"processId":4242,"startTime":1000,"gpus":["GPU-a\u0007"]}""")]
    [InlineData("""{"version":1,"processId":4242,"startTime":1000,"gpus":["GPU-aa"],"container":"../x"}""")]
    [InlineData("""{"version":1,"processId":4242,"processId":4242,"startTime":1000,"gpus":["GPU-aa"]}""")]
    public void Other_content_is_worthless(string content)
    {
        _machine.Claim(content);

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void A_record_that_is_too_large_is_not_read_to_its_end()
    {
        _machine.Claim(Good + new string(' ', 1 << 20));

        Assert.Empty(Claims.Held());
    }

    [Fact]
    public void A_user_with_a_million_records_hides_only_their_own()
    {
        Requires.Root("root is needed to give a file to another user");
        for (var i = 0; i < 300; i++)
        {
            Chown(_machine.Claim("{}"), 1234);
        }

        _machine.Claim(Good);

        Assert.Single(Claims.Held());
    }

    [Fact]
    public void What_this_process_says_is_readable_for_all_and_gone_when_it_is_over()
    {
        _machine.Add(Environment.ProcessId, Start);

        using (var claim = Claims.Publish("vision", container: null, Gpus))
        {
            var held = Assert.Single(Claims.Held());
            Assert.Equal(("vision", Environment.ProcessId), (held.Name, held.ProcessId));
            var file = Assert.Single(_machine.Claims());
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                File.GetUnixFileMode(file)
            );

            // As when the user logs out and the system cleans up.
            File.Delete(file);
            Assert.Empty(Claims.Held());
            claim.Renew();
            Assert.Single(Claims.Held());
            claim.Renew();
            Assert.Single(_machine.Claims());
        }

        Assert.Empty(_machine.Claims());
    }

    [Fact]
    public void What_killed_processes_of_this_user_left_is_removed_by_the_next()
    {
        _machine.Add(Environment.ProcessId, Start);
        _machine.Claim(4243, Start, Gpus);
        var living = _machine.Claim(Process, Start, Gpus);

        Claims.Publish("vision", container: null, Gpus).Dispose();

        Assert.Equal([living], _machine.Claims());
    }

    [Fact]
    public void Without_the_place_nobody_hears_of_it_and_nothing_fails()
    {
        using var bare = new TemporaryDirectory();
        var claims = new GpuClaims(new MachineFiles(bare.Path));

        claims.Publish("vision", container: null, Gpus).Dispose();

        Assert.Empty(claims.Held());
    }

    [Theory]
    [InlineData(null, "vision", "vision")]
    [InlineData("0", "vision", "vision")]
    [InlineData("1", "vision", null)]
    [InlineData("yes", "vision", null)]
    [InlineData(null, "small:latest", "small-latest")]
    [InlineData(null, "torchyard verify small", "torchyard-verify-small")]
    [InlineData(null, "/x", null)]
    public void A_name_is_shown_unless_its_user_keeps_it_private(string? variable, string name, string? shown) =>
        Assert.Equal(shown, ClaimNames.Shown(name, asked => asked == ClaimNames.Private ? variable : null));

    private static void Chown(string file, uint user)
    {
        using var directory = ConfinedDirectory.Open(Path.GetDirectoryName(file)!);
        directory.SetOwner(Path.GetFileName(file), user, user);
    }
}
