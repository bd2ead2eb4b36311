{# A code object for the loop in blocks: no kernel, but a function for one neuron, which the kernel of
   the neuron's layer calls in each step. Its arrays are members, so that the kernel can lead them
   from step to step. #}
{% extends 'common_group.cu' %}
{% block kernel %}
struct Code_{{codeobj_name}}
{
    ///// MEMBERS /////
    %KERNEL_PARAMETERS%;
    ///// END OF MEMBERS /////

    {% block function %}{% endblock %}
};

Code_{{codeobj_name}} code_of_{{codeobj_name}}()
{
    using namespace brian;
    %HOST_CONSTANTS%
    return Code_{{codeobj_name}}{
        %HOST_PARAMETERS%
    };
}
{% endblock %}

{% block define_N %}{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}{% endblock %}
