using Torchyard.Containers.State;

namespace Torchyard.Containers.Monitoring;

/// <summary>How a container is that is watched; each change is written down at once, in its turn.</summary>
internal sealed class MonitoredState(ContainerDirectory directory, ContainerState state)
{
    private readonly Lock _gate = new();
    private ContainerState _state = state;

    /// <summary>How it is now.</summary>
    public ContainerState Now
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>Writes down how it is otherwise now.</summary>
    public ContainerState Change(Func<ContainerState, ContainerState> change)
    {
        lock (_gate)
        {
            _state = change(_state);
            directory.Write(_state);
            return _state;
        }
    }
}
